#include "net/client/write_ids.h"

#include <glog/logging.h>

#include <algorithm>

#include "base/text.h"

namespace quoin::client {
namespace {

std::string TextOf(std::uint64_t client, std::uint64_t number) { return Hex64(client) + "-" + std::to_string(number); }

}  // namespace

WriteIds::WriteIds(std::uint64_t client, std::mt19937_64& random)
    : random_(random), client_(client), ticket_client_(DrawHalf()) {
  CHECK_NE(client, 0u);
}

std::uint64_t WriteIds::DrawHalf() {
  std::uint64_t half = 0;
  while (half == 0 || half == client_) half = random_();
  return half;
}

void WriteIds::Begin(std::uint32_t slot) {
  if (lowest_unknown_ && next_number_ - *lowest_unknown_ > kMaxHeldBack) StartAnew();  // W2
  if (slot >= entries_.size()) entries_.resize(slot + 1);
  CHECK(!entries_[slot].listed);
  entries_[slot] = {client_, next_number_++, last_, kNone, true};
  (last_ == kNone ? first_ : entries_[last_].behind) = slot;
  last_ = slot;
}

std::string WriteIds::Text(std::uint32_t slot) const { return TextOf(entries_[slot].client, entries_[slot].number); }

std::uint64_t WriteIds::FinishedBelow(std::uint32_t slot) const {
  if (!entries_[slot].listed) return 0;
  return std::min(entries_[first_].number, lowest_unknown_.value_or(UINT64_MAX));
}

void WriteIds::End(std::uint32_t slot, bool unknown) {
  Entry& entry = entries_[slot];
  if (!entry.listed) return;
  entry.listed = false;
  (entry.before == kNone ? first_ : entries_[entry.before].behind) = entry.behind;
  (entry.behind == kNone ? last_ : entries_[entry.behind].before) = entry.before;
  if (unknown) lowest_unknown_ = std::min(entry.number, lowest_unknown_.value_or(UINT64_MAX));
}

void WriteIds::StartAnew() {
  // Those under way keep their ids, and say nothing of others any more.
  for (std::uint32_t slot = first_; slot != kNone; slot = entries_[slot].behind) entries_[slot].listed = false;
  first_ = last_ = kNone;
  client_ = DrawHalf();
  next_number_ = 1;
  lowest_unknown_.reset();
}

std::string WriteIds::NewTicketId() { return TextOf(ticket_client_, next_ticket_++); }

}  // namespace quoin::client
