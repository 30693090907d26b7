#include "net/client/watch_progress.h"

#include <algorithm>

#include "net/client/codec.h"
#include "net/etag.h"

namespace quoin::client {
namespace {

using Kind = WatchEvent::Kind;

const std::string& KeyOf(const v1::Event& event) { return event.has_key_text() ? event.key_text() : event.key(); }

WatchEvent GapOfAll() { return {.kind = Kind::kGap, .key = {}, .state = {}, .version = {}}; }

}  // namespace

WatchProgress::WatchProgress(std::vector<WatchTarget> targets, std::string cursor, bool state,
                             std::size_t max_remembered_keys)
    : targets_(std::move(targets)), half_(max_remembered_keys / 2), state_(state), cursor_(std::move(cursor)) {}

std::optional<std::string> WatchProgress::FindFault() const {
  if (targets_.empty() || targets_.size() > kMaxWatchTargets) {
    return "a watch has 1 to " + std::to_string(kMaxWatchTargets) + " keys and prefixes, not " +
           std::to_string(targets_.size());
  }
  for (const WatchTarget& target : targets_) {
    const bool key = target.kind == WatchTarget::Kind::kKey;
    if (target.text.size() <= kMaxWatchTargetBytes && !(key && target.text.empty())) continue;
    return std::string(key ? "a key that is watched has 1 to " : "a prefix that is watched has at most ") +
           std::to_string(kMaxWatchTargetBytes) + " bytes, not " + std::to_string(target.text.size());
  }
  return std::nullopt;
}

std::optional<WatchProgress::Step> WatchProgress::Begin(v1::Watch* out) {
  std::optional<Step> step;
  if (cursor_.empty() && told_) {
    // H5. What was told since the start, or since the gap, is no state to go on from.
    ForgetAll();
    told_ = false;
    state_ = true;
    step = Step{GapOfAll(), std::string()};
  }
  for (const WatchTarget& target : targets_) {
    v1::WatchTarget* const added = out->add_targets();
    target.kind == WatchTarget::Kind::kKey ? added->set_key(target.text) : added->set_prefix(target.text);
  }
  out->set_cursor(cursor_);
  out->set_state(state_ || !cursor_.empty() ? v1::Watch::STATE : v1::Watch::NONE);
  return step;
}

Status WatchProgress::Check(const v1::Events& message) {
  const auto wrong = [](const std::string& what) { return Status(Code::kInvalid, "the node told " + what); };
  for (const v1::Event& event : message.events()) {
    const bool of_key =
        event.kind() == v1::Event::PUT || event.kind() == v1::Event::DELETED || event.kind() == v1::Event::EXPIRED;
    if (!of_key && event.kind() != v1::Event::GAP && event.kind() != v1::Event::SYNCED) {
      return wrong("an event of a kind that is not known: " + std::to_string(event.kind()));
    }
    if (!of_key) continue;
    if (KeyOf(event).empty()) return wrong("an event without its key");
    if (!net::ParseVersion(event.version())) return wrong("an event without a version");
    if (event.kind() == v1::Event::PUT && !event.has_state()) return wrong("a put without a state");
  }
  return {};
}

Result<std::vector<WatchProgress::Step>> WatchProgress::Take(v1::Events& message) {
  QUOIN_RETURN_IF_ERROR(Check(message));
  std::vector<Step> steps;
  steps.reserve(static_cast<std::size_t>(message.events_size()));
  for (v1::Event& event : *message.mutable_events()) {
    if (auto step = TakeEvent(event)) steps.push_back(*std::move(step));
  }
  if (!message.cursor().empty()) {
    cursor_ = std::move(*message.mutable_cursor());
    if (steps.empty()) steps.emplace_back();
    steps.back().cursor = cursor_;
  }
  return steps;
}

std::optional<WatchProgress::Step> WatchProgress::TakeEvent(v1::Event& event) {
  Step step;
  WatchEvent& taken = step.event.emplace();
  taken.key = std::move(event.has_key_text() ? *event.mutable_key_text() : *event.mutable_key());
  taken.version = std::move(*event.mutable_version());
  taken.skipped = event.skipped();
  switch (event.kind()) {
    case v1::Event::PUT:
      taken.state = TakeState(*event.mutable_state());
      if (taken.state->version.empty()) taken.state->version = taken.version;
      break;
    case v1::Event::DELETED:
      taken.kind = Kind::kDeleted;
      break;
    case v1::Event::EXPIRED:
      taken.kind = Kind::kExpired;
      break;
    case v1::Event::GAP:
      taken.kind = Kind::kGap;
      if (!taken.key.empty()) {
        Forget(taken.key);
      } else {
        ForgetAll();
        cursor_.clear();  // H4
        step.cursor = std::string();
      }
      break;
    default:
      taken.kind = Kind::kSynced;
  }
  if (taken.kind == Kind::kPut || taken.kind == Kind::kDeleted || taken.kind == Kind::kExpired) {
    if (!Learn(taken.key, {*net::ParseVersion(taken.version), taken.kind != Kind::kPut})) {
      ++hidden_;
      return std::nullopt;
    }
  }
  told_ = true;
  return step;
}

bool WatchProgress::Learn(const std::string& key, const Said& said) {
  if (half_ == 0) return true;
  if (const auto found = young_.find(key); found != young_.end()) {
    if (said <= found->second) return false;
    found->second = said;
    return true;
  }
  const auto found = old_.find(key);
  if (found != old_.end() && said <= found->second) return false;
  if (young_.size() == half_) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(key, said);
  return true;
}

void WatchProgress::Forget(const std::string& key) {
  young_.erase(key);
  old_.erase(key);
}

void WatchProgress::ForgetAll() {
  young_.clear();
  old_.clear();
}

}  // namespace quoin::client
