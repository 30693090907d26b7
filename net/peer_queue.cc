#include "net/peer_queue.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace quoin::net {
namespace {

// Of an emptied buffer that is worth keeping.
constexpr std::size_t kMaxSpareBytes = 4 * PeerQueue::kBatchBytes;

}  // namespace

static_assert(2 * PeerQueue::kBatchBytes <= kMaxFrameBytes);
static_assert(PeerQueue::kMaxUrgentBytes + PeerQueue::kBatchBytes <= kMaxFrameBytes);

bool PeerQueue::Add(Lane lane, const Append& append) {
  switch (lane) {
    case Lane::kHeartbeat:
      size_bytes_ -= heartbeat_.size();
      heartbeat_.clear();
      append(&heartbeat_);
      if (heartbeat_.size() > kMaxUrgentBytes) {
        heartbeat_.clear();
        return AddBulk(append);
      }
      size_bytes_ += heartbeat_.size();
      return true;
    case Lane::kGossip:
      return AddGossip(append);
    case Lane::kBulk:
      return AddBulk(append);
  }
  return false;
}

bool PeerQueue::AddGossip(const Append& append) {
  const std::size_t before = gossip_.size();
  append(&gossip_);
  const std::size_t size = gossip_.size() - before;
  if (size > kMaxUrgentBytes || gossip_.size() > kBatchBytes) {
    gossip_.resize(before);
    if (size > kMaxUrgentBytes) return AddBulk(append);
    ++counts_.dropped_packets;
    return false;
  }
  ++gossip_packets_;
  size_bytes_ += size;
  return true;
}

bool PeerQueue::AddBulk(const Append& append) {
  if (size_bytes_ >= limits_.max_bytes) {
    ++counts_.dropped_packets;
    return false;
  }
  const bool grows =
      !bulk_.empty() && bulk_.back().bytes->size() < kBatchBytes && (bulk_.size() > 1 || taken_bytes_ == 0);
  if (!grows) bulk_.push_back(Batch{NewBuffer(), 0});
  Batch& batch = bulk_.back();
  const std::size_t before = batch.bytes->size();
  append(batch.bytes.get());
  const std::size_t size = batch.bytes->size() - before;
  if (size > limits_.max_packet_bytes) {
    LOG_EVERY_N(ERROR, 100) << "a packet of " << HumanSize(size) << " isn't sent: a peer takes at most "
                            << HumanSize(limits_.max_packet_bytes);
    batch.bytes->resize(before);
    if (batch.packets == 0) bulk_.pop_back();
    ++counts_.dropped_packets;
    return false;
  }
  ++batch.packets;
  size_bytes_ += size;
  return true;
}

std::unique_ptr<std::string> PeerQueue::NewBuffer() {
  return spare_ != nullptr ? std::move(spare_) : std::make_unique<std::string>();
}

void PeerQueue::Fill(std::uint64_t commit_number) {
  if (!writing_.empty()) return;
  FillUrgent(commit_number);
  std::size_t bytes = writing_.empty() ? 0 : writing_.front().size();
  while (!bulk_.empty() && bytes < kWriteBytes) {
    FillPiece(commit_number);
    bytes += writing_.back().size();
  }
}

void PeerQueue::FillUrgent(std::uint64_t commit_number) {
  if (heartbeat_.empty() && gossip_.empty()) return;
  Outgoing frame;
  frame.owner.packets = gossip_packets_ + (heartbeat_.empty() ? 0 : 1);
  frame.owner.bytes = std::make_unique<std::string>(std::move(heartbeat_));
  *frame.owner.bytes += gossip_;
  heartbeat_.clear();
  gossip_.clear();
  gossip_packets_ = 0;
  frame.payload = *frame.owner.bytes;
  frame.header = MakeFrameHeader(FrameKind::kUrgent, commit_number, frame.payload);
  writing_.push_back(std::move(frame));
}

void PeerQueue::FillPiece(std::uint64_t commit_number) {
  Batch& batch = bulk_.front();
  const std::string_view rest = std::string_view(*batch.bytes).substr(taken_bytes_);
  Outgoing frame;
  frame.payload = rest.substr(0, kMaxFrameBytes);
  const bool last = frame.payload.size() == rest.size();
  frame.header = MakeFrameHeader(last ? FrameKind::kBulk : FrameKind::kPiece, commit_number, frame.payload);
  if (last) {
    frame.owner = std::move(batch);
    bulk_.pop_front();
    taken_bytes_ = 0;
  } else {
    taken_bytes_ += frame.payload.size();
  }
  writing_.push_back(std::move(frame));
}

void PeerQueue::Collect(std::vector<std::string_view>& views, std::size_t limit) const {
  std::size_t skip = written_bytes_;
  for (const Outgoing& frame : writing_) {
    for (const std::string_view part : {std::string_view(frame.header.data(), frame.header.size()), frame.payload}) {
      const std::size_t skipped = std::min(skip, part.size());
      skip -= skipped;
      if (skipped == part.size()) continue;
      if (limit == 0) return;
      views.push_back(part.substr(skipped));
      --limit;
    }
  }
}

void PeerQueue::Written(std::size_t count) {
  counts_.sent_bytes += count;
  written_bytes_ += count;
  while (!writing_.empty() && written_bytes_ >= writing_.front().size()) {
    Outgoing& frame = writing_.front();
    written_bytes_ -= frame.size();
    size_bytes_ -= frame.payload.size();
    counts_.sent_packets += frame.owner.packets;
    if (frame.owner.bytes != nullptr && frame.owner.bytes->capacity() <= kMaxSpareBytes) {
      spare_ = std::move(frame.owner.bytes);
      spare_->clear();
    }
    writing_.pop_front();
  }
  CHECK(!writing_.empty() || written_bytes_ == 0);
}

void PeerQueue::Clear() {
  std::uint64_t packets = gossip_packets_ + (heartbeat_.empty() ? 0 : 1);
  for (const Batch& batch : bulk_) packets += batch.packets;
  for (const Outgoing& frame : writing_) packets += frame.owner.packets;
  counts_.dropped_packets += packets;
  heartbeat_.clear();
  gossip_.clear();
  gossip_packets_ = 0;
  bulk_.clear();
  taken_bytes_ = 0;
  writing_.clear();
  written_bytes_ = 0;
  size_bytes_ = 0;
}

}  // namespace quoin::net
