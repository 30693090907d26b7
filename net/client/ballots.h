// Ballots: for each of the keys that a client used lately, the newest ballot that answers about it have named, which is
// a version of its partition: who leads, and how far that leader had come. Named with the first sending of a write, it
// lets a key that has forgotten old operation ids still know that this one is new (net/proto/quoin.proto,
// Operation.ballot).
//
// Threads: none of its own.
// Bounds: at most max_keys keys; the ones not seen for longest are forgotten, in halves. Forgetting costs a round trip,
// no correctness.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kv/version.h"

namespace quoin::client {

// "3.00c0ffee00c0ffee.41", without the sequence where it is 0. The zero version, of which nobody speaks, is the empty
// text.
std::string FormatBallot(const kv::Version& version);
// The inverse; nullopt for what is no such text.
std::optional<kv::Version> ParseBallot(std::string_view text);

class Ballots {
 public:
  explicit Ballots(std::size_t max_keys) : half_(max_keys / 2) {}

  void Learn(const std::string& key, const kv::Version& version);
  // The zero version where none is known.
  kv::Version Find(const std::string& key) const;

 private:
  using Map = std::unordered_map<std::string, kv::Version>;

  const std::size_t half_;
  Map young_;  // At most half_.
  Map old_;
};

}  // namespace quoin::client
