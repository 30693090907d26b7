// CountLosses: what became of one key's writes.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "tools/bench_verify.h"

namespace quoin::bench {
namespace {

namespace lin = linearizability;

// The last read that began when every other known operation was over; nullptr when there is none.
const lin::Event* FinalRead(const lin::History& history) {
  const lin::Event* last = nullptr;
  lin::Time others_end = lin::Time::min();
  for (const lin::Event& event : history) {
    if (!lin::IsKnown(event)) continue;
    const bool read = event.operation.action == lin::Action::kGet && event.answer.state.has_value();
    if (read && (last == nullptr || event.invoked > last->invoked)) last = &event;
  }
  if (last == nullptr) return nullptr;
  for (const lin::Event& event : history) {
    if (lin::IsKnown(event) && &event != last) others_end = std::max(others_end, *event.completed);
  }
  return last->invoked > others_end ? last : nullptr;
}

Losses CountIncrements(const lin::History& history, const lin::Seen& held) {
  std::int64_t acknowledged = 0;
  std::int64_t unknown = 0;
  for (const lin::Event& event : history) {
    if (event.operation.action != lin::Action::kIncrement) continue;
    if (event.answer.outcome == lin::Outcome::kDone) acknowledged += event.operation.by;
    if (event.answer.outcome == lin::Outcome::kUnknown) unknown += event.operation.by;
  }
  std::int64_t count = 0;
  if (held.present) {
    const auto number = held.value ? ParseInt64(*held.value) : std::nullopt;
    if (!number) return {.unread = true};  // Something else than a number: the checker and `corrupt` tell that.
    count = *number;
  }
  return {.lost = static_cast<std::uint64_t>(std::max<std::int64_t>(acknowledged - count, 0)),
          .duplicated = static_cast<std::uint64_t>(std::max<std::int64_t>(count - acknowledged - unknown, 0))};
}

bool IsPut(const lin::Event& event) { return event.operation.action == lin::Action::kPut && lin::MayChange(event); }

// A put whose answer named no version is lost when another value is there and no other put can have come after it.
bool LostWithoutVersion(const lin::Event& put, const lin::History& history, const lin::Seen& held) {
  if (held.present && (!held.value || *held.value == put.operation.value)) return false;
  return std::none_of(history.begin(), history.end(), [&](const lin::Event& other) {
    return &other != &put && IsPut(other) && (!other.completed || *other.completed >= put.invoked);
  });
}

std::uint64_t CountLostPuts(const lin::History& history, const lin::Seen& held) {
  std::uint64_t lost = 0;
  for (const lin::Event& event : history) {
    if (!IsPut(event) || event.answer.outcome != lin::Outcome::kDone) continue;
    const auto version = event.answer.state ? event.answer.state->version : std::nullopt;
    if (version && held.present && held.version) {
      const bool there = *held.version > *version ||
                         (*held.version == *version && (!held.value || *held.value == event.operation.value));
      lost += there ? 0 : 1;
    } else if (version && !held.present) {
      ++lost;  // No workload deletes.
    } else {
      lost += LostWithoutVersion(event, history, held) ? 1 : 0;
    }
  }
  return lost;
}

std::uint64_t CountDuplicatedPuts(const lin::History& history) {
  std::map<std::string, std::set<lin::Version>> versions;
  for (const lin::Event& event : history) {
    if (!event.answer.state || !event.answer.state->version) continue;
    const lin::Seen& seen = *event.answer.state;
    if (IsPut(event)) {
      versions[event.operation.value].insert(*seen.version);
    } else if (event.operation.action == lin::Action::kGet && seen.value) {
      versions[*seen.value].insert(*seen.version);
    }
  }
  std::uint64_t duplicated = 0;
  for (const auto& [value, seen] : versions) duplicated += seen.size() - 1;
  return duplicated;
}

}  // namespace

Losses CountLosses(const lin::History& history) {
  const bool counts = std::any_of(history.begin(), history.end(), [](const lin::Event& event) {
    return event.operation.action == lin::Action::kIncrement;
  });
  const lin::Event* const read = FinalRead(history);
  if (counts) return read == nullptr ? Losses{.unread = true} : CountIncrements(history, *read->answer.state);
  Losses losses{.duplicated = CountDuplicatedPuts(history)};
  if (read == nullptr) {
    losses.unread = true;
  } else {
    losses.lost = CountLostPuts(history, *read->answer.state);
  }
  return losses;
}

}  // namespace quoin::bench
