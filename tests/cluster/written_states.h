// WrittenStates: what was written to the keys that are watched, as far as the test knows it, and what anybody was told
// of them: no watcher may be told what nobody wrote, and no two may be told different things of one version.
//
// Of the keys of the watchers' own writers everything is known that was tried and how it ended. What other clients
// write (the verified load, which judges its own values) is known by what is told of it alone.
//
// Sound: it complains only of what no order of events can explain. In particular a write whose outcome is unknown may
// be told at any time after its beginning.
//
// Threads: the watchers'. Bounds: some 40 bytes for each write of their own, some 100 for each version told since the
// latest ForgetTold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "kv/version.h"
#include "tests/cluster/told_event.h"

namespace quoin::tests {

class WrittenStates {
 public:
  enum class Outcome { kUnderWay, kDone, kNotApplied, kUnknown };

  // A write to one of the writers' own keys begins; a key is written by one writer, one write after the other. The
  // value to be written (none for a deletion) names the key and the number of the write.
  std::string BeginPut(const std::string& key, bool expires);
  void BeginDelete(const std::string& key);
  // How the write that was begun last ended. `version`: of the state that it made, where that is known; none otherwise.
  void End(const std::string& key, Outcome outcome, const kv::Version& version);

  // `who` was told this, by an event or as the answer to a read. kGap and kSynced say nothing of a state.
  void OnTold(const std::string& who, const ToldEvent& event);
  // No older version will be told any more, or it doesn't matter that it can't be held against anything.
  void ForgetTold() { told_.clear(); }

  // What must not be, in the order in which it was found. At most kMaxComplaints are kept.
  static constexpr std::size_t kMaxComplaints = 20;
  const std::vector<std::string>& complaints() const { return complaints_; }
  void Complain(std::string text);

  std::uint64_t written() const { return written_; }

 private:
  struct Write {
    kv::Version version;
    Outcome outcome = Outcome::kUnderWay;
    bool is_put = false;
    bool told = false;
  };
  struct Key {
    std::vector<Write> writes;  // The value of the first one names 0.
    bool expires = false;       // Some write to it had a time to live.
    bool deleted = false;       // Some write to it is a deletion.
  };
  // What is known of a version.
  struct Told {
    ToldEvent::Kind kind = ToldEvent::Kind::kPut;
    std::size_t digest = 0;
    std::string who;
  };

  void CheckOwn(const std::string& who, const ToldEvent& event, Key* key);

  std::map<std::string, Key> own_;
  std::unordered_map<std::string, std::map<kv::Version, Told>> told_;
  std::vector<std::string> complaints_;
  std::uint64_t written_ = 0;
};

}  // namespace quoin::tests
