// FakeTarget: a store and a clock of a test's own. It is linearizable, unless a fault is asked for, and time passes
// only when the test lets it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/bench_target.h"

namespace quoin::bench {

class FakeTarget final : public Target {
 public:
  enum class Fault {
    kNone,
    kLost,        // Acknowledged, but not done.
    kTwice,       // Done twice, acknowledged once.
    kLostAnswer,  // Done, but told as unknown.
    kNeverDone,   // Not done, and told as unknown.
    kRefused,     // Not done, and told so.
    kCorrupted,   // A get's bytes are changed.
  };
  // What happens to the n-th operation (from 0).
  std::function<Fault(std::uint64_t number, const client::Operation& operation)> fault;
  Time latency = std::chrono::microseconds(100);
  // What begins or is under way in between ends that much later than `to`, as with a store that stands still.
  struct Stall {
    Time from{0};
    Time to{0};
  };
  std::vector<Stall> stalls;
  Usage usage;

  // Lets time pass until nothing is left to happen.
  void Run() {
    while (!events_.empty()) {
      auto event = events_.extract(events_.begin());
      now_ = std::max(now_, event.key().first);
      event.mapped()();
    }
  }
  // As Run, but only up to this moment.
  void RunUntil(Time moment) {
    while (!events_.empty() && events_.begin()->first.first <= moment) {
      auto event = events_.extract(events_.begin());
      now_ = std::max(now_, event.key().first);
      event.mapped()();
    }
    now_ = std::max(now_, moment);
  }

  std::uint64_t operations() const { return operations_; }
  std::size_t most_under_way() const { return most_under_way_; }
  std::map<std::string, std::pair<std::string, std::uint64_t>>& contents() { return contents_; }
  std::vector<std::pair<std::string, std::uint32_t>> pages;  // That were asked for.

  void Start(std::size_t, client::Operation operation, client::Handler<client::Answer> done) override {
    const std::uint64_t number = operations_++;
    const Fault what = fault ? fault(number, operation) : Fault::kNone;
    most_under_way_ = std::max(most_under_way_, ++under_way_);
    const Time end = EndOf(now_);
    // It takes effect half-way; whoever reads meanwhile may or may not see it.
    At(now_ + (end - now_) / 2, [this, what, end, operation = std::move(operation), done = std::move(done)]() mutable {
      client::Answer answer = Do(operation, what);
      if (what == Fault::kTwice) (void)Do(operation, what);
      At(end, [this, answer = std::move(answer), done = std::move(done)]() mutable {
        --under_way_;
        std::move(done)(std::move(answer));
      });
    });
  }

  void StartPage(std::size_t, std::string prefix, std::uint32_t entries, client::Handler<PageOutcome> done) override {
    pages.emplace_back(prefix, entries);
    At(EndOf(now_), [entries, done = std::move(done)]() mutable {
      std::move(done)({.outcome = client::Outcome::kDone, .entries = entries, .bytes = 10 * entries});
    });
  }

  Time Now() override { return now_; }
  void WakeAt(Time moment, std::function<void()> call) override {
    const std::uint64_t mine = ++wake_;
    At(std::max(moment, now_), [this, mine, call = std::move(call)] {
      if (mine == wake_) call();
    });
  }
  Usage ThreadUsage() override { return {.cpu = usage.cpu * (now_ / latency), .waited = usage.waited}; }

 private:
  Time EndOf(Time begin) const {
    Time end = begin + latency;
    for (const Stall& stall : stalls) {
      if (end > stall.from && begin < stall.to) end = stall.to + latency;
    }
    return end;
  }

  template <typename F>
  void At(Time moment, F call) {
    // std::function copies; what can only be moved goes behind a pointer.
    auto shared = std::make_shared<F>(std::move(call));
    events_.emplace(std::pair(moment, next_event_++), [shared] { (*shared)(); });
  }

  client::Answer Do(const client::Operation& operation, Fault what) {
    using Action = client::Operation::Action;
    client::Answer answer{.outcome = client::Outcome::kDone, .sendings = 1};
    if (what == Fault::kRefused || what == Fault::kNeverDone) {
      answer.outcome = what == Fault::kRefused ? client::Outcome::kNotApplied : client::Outcome::kUnknown;
      answer.problem = {.type = "timed-out", .detail = "told by the test"};
      if (what == Fault::kRefused) answer.problem = {.type = "disk-full", .detail = "told by the test", .status = 507};
      return answer;
    }
    const auto found = contents_.find(operation.key);
    const bool there = found != contents_.end();
    if (there) answer.version = VersionText(found->second.second);
    for (const client::Condition& condition : operation.conditions) {
      const bool holds = condition.kind == client::Condition::Kind::kAbsent
                             ? !there
                             : there && condition.versions.front() == answer.version;
      if (!holds) {
        answer.outcome = client::Outcome::kConditionFailed;
        return answer;
      }
    }
    if (operation.action == Action::kGet) {
      if (!there) {
        answer.outcome = client::Outcome::kAbsent;
      } else {
        answer.state = client::State{.value = found->second.first, .version = answer.version};
        if (what == Fault::kCorrupted) answer.state->value.back() ^= 1;
      }
      return answer;
    }
    std::string value = operation.value;
    if (operation.action == Action::kIncrement) {
      value = std::to_string((there ? std::stoll(found->second.first) : 0) + operation.by);
    }
    const std::uint64_t version = ++last_version_;
    answer.created = !there;
    answer.version = VersionText(version);
    if (operation.action == Action::kIncrement) answer.state = client::State{.value = value, .version = answer.version};
    if (what != Fault::kLost) contents_[operation.key] = {value, version};
    if (what == Fault::kLostAnswer) {
      answer = {.outcome = client::Outcome::kUnknown, .sendings = 1};
      answer.problem = {.type = "connection-lost", .detail = "told by the test"};
    }
    return answer;
  }

  static std::string VersionText(std::uint64_t sequence) { return "1.00000000000000aa." + std::to_string(sequence); }

  Time now_{0};
  std::map<std::pair<Time, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t next_event_ = 0;
  std::uint64_t wake_ = 0;
  std::uint64_t operations_ = 0;
  std::size_t under_way_ = 0;
  std::size_t most_under_way_ = 0;
  std::uint64_t last_version_ = 0;
  std::map<std::string, std::pair<std::string, std::uint64_t>> contents_;
};

}  // namespace quoin::bench
