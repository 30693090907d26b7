#include "quorum/apply.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"

namespace quoin::quorum {
namespace {

using kv::Record;
using kv::RecordPtr;
using kv::WallTime;

constexpr char kNumberType[] = "text/plain; charset=utf-8";

// An absurdly long ttl means "practically for ever"; it must not wrap around into the past.
WallTime DeadlineAfter(WallTime now, TimeToLive ttl) {
  const auto room = WallTime::max() - now;
  return ttl >= room ? WallTime::max() : now + ttl;
}

// Applies one operation to a key whose conditions hold. `current` is nullptr when the key is absent.
class Step {
 public:
  Step(const Record* current, const RecordPtr& shared, const RecordPtr& stored, WallTime now,
       std::size_t max_value_bytes)
      : current_(current), shared_(shared), stored_(stored), now_(now), max_value_bytes_(max_value_bytes) {}

  Applied operator()(const Get&) const {
    if (current_ == nullptr) return Absent();
    Applied applied;
    applied.reply.record = shared_;
    applied.reply.changed = current_->changed;
    return applied;
  }

  Applied operator()(const Put& put) const {
    if (put.value.size() > max_value_bytes_) return TooLarge(put.value.size());
    Record next = Inherit();
    next.value = put.value;
    next.content_type = put.content_type;
    if (put.ttl) next.deadline = DeadlineAfter(now_, *put.ttl);
    return Write(std::move(next));
  }

  Applied operator()(const Delete&) const {
    if (current_ == nullptr) return Absent();
    return Write(MakeTombstone(*current_));
  }

  Applied operator()(const Increment& increment) const {
    std::int64_t number = 0;
    Record next = Inherit();
    next.content_type = kNumberType;
    if (current_ != nullptr) {
      const auto parsed = ParseInt64(current_->value);
      if (!parsed) {
        return Rejected("the value is no decimal 64-bit integer but \"" + Printable(current_->value, 24) + "\"");
      }
      number = *parsed;
      next.deadline = current_->deadline;
      next.content_type = current_->content_type;
    }
    std::int64_t sum = 0;
    if (__builtin_add_overflow(number, increment.by, &sum)) {
      return Rejected(std::to_string(number) + " plus " + std::to_string(increment.by) + " overflows 64 bits");
    }
    next.value = std::to_string(sum);
    return Write(std::move(next));
  }

  Applied operator()(const Append& append) const {
    Record next = Inherit();
    if (current_ != nullptr) {
      next.value = current_->value;
      next.deadline = current_->deadline;
      next.content_type = current_->content_type;
    }
    if (next.value.size() + append.bytes.size() > max_value_bytes_) {
      return TooLarge(next.value.size() + append.bytes.size());
    }
    next.value += append.bytes;
    return Write(std::move(next));
  }

  Applied operator()(const SetDeadline& set) const {
    if (current_ == nullptr) return Absent();
    Record next = *current_;
    next.deadline.reset();
    if (set.ttl) next.deadline = DeadlineAfter(now_, *set.ttl);
    return Write(std::move(next));
  }

  Applied operator()(const Swap& swap) const {
    Applied applied = (*this)(swap.put);
    if (applied.next) applied.reply.previous = shared_;
    return applied;
  }

 private:
  // What every new record takes over from the stored one: what the key remembers of operations.
  Record Inherit() const {
    Record next;
    if (stored_ != nullptr) {
      next.operations = stored_->operations;
      next.forgot = stored_->forgot;
    }
    return next;
  }

  Applied Write(Record next) const {
    Applied applied;
    applied.reply.created = current_ == nullptr;
    applied.next = std::move(next);
    return applied;
  }

  static Applied Absent() {
    Applied applied;
    applied.reply.outcome = Outcome::kAbsent;
    return applied;
  }

  Applied Rejected(std::string why) const {
    Applied applied;
    applied.reply.outcome = Outcome::kRejected;
    applied.reply.status = Status(Code::kInvalid, std::move(why));
    applied.reply.record = shared_;
    if (current_ != nullptr) applied.reply.changed = current_->changed;
    return applied;
  }

  Applied TooLarge(std::size_t size_bytes) const {
    return Rejected("the value would have " + std::to_string(size_bytes) + " bytes; --max_value_size allows " +
                    std::to_string(max_value_bytes_));
  }

  const Record* current_;
  const RecordPtr& shared_;  // `current_`, or nullptr when the key is absent.
  const RecordPtr& stored_;  // What is stored, a tombstone included.
  WallTime now_;
  std::size_t max_value_bytes_;
};

bool Holds(const Condition& condition, const Record* current) {
  const auto named = [&] {
    return std::find(condition.versions.begin(), condition.versions.end(), current->changed) !=
           condition.versions.end();
  };
  switch (condition.kind) {
    case Condition::Kind::kAbsent:
      return current == nullptr;
    case Condition::Kind::kPresent:
      return current != nullptr;
    case Condition::Kind::kVersionIn:
      return current != nullptr && named();
    case Condition::Kind::kVersionNotIn:
      return current == nullptr || !named();
    case Condition::Kind::kValueIs:
      return current != nullptr && current->value == condition.value;
  }
  LOG(FATAL) << "no such condition: " << static_cast<int>(condition.kind);
}

}  // namespace

Applied Apply(const Request& request, const RecordPtr& stored, WallTime now, std::size_t max_value_bytes) {
  CHECK(stored == nullptr || !IsExpired(*stored, now)) << "an expired record must first give way to a tombstone";
  const bool present = stored != nullptr && !stored->tombstone;
  const RecordPtr shared = present ? stored : nullptr;
  for (const Condition& condition : request.conditions) {
    if (Holds(condition, shared.get())) continue;
    Applied applied;
    applied.reply.outcome = Outcome::kConditionFailed;
    applied.reply.record = shared;
    if (present) applied.reply.changed = shared->changed;
    return applied;
  }
  return std::visit(Step(shared.get(), shared, stored, now, max_value_bytes), request.operation);
}

bool IsExpired(const Record& record, WallTime now) { return record.deadline && *record.deadline <= now; }

Record MakeTombstone(const Record& current) {
  Record tombstone;
  tombstone.tombstone = true;
  tombstone.operations = current.operations;
  tombstone.forgot = current.forgot;
  return tombstone;
}

}  // namespace quoin::quorum
