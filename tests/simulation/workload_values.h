// WorkloadValues: what clients ever sent to each key, so that a read `one`, which no history judges, can still be told
// from an invention.
//
// Values of the workload are made of an optional decimal number (puts, increments) and of fragments "<client.number>"
// that no two requests share. A value is possible when each of its fragments was sent to that key, none twice, and its
// number isn't beyond what all numbers sent could sum up to.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "quorum/operation.h"

namespace quoin::simulation {

class WorkloadValues {
 public:
  // The request is on its way; whatever it may write can be read from now on.
  void Sent(const quorum::Request& request);
  bool IsPossible(const std::string& key, std::string_view value) const;

 private:
  struct Key {
    std::set<std::string, std::less<>> fragments;
    std::uint64_t numbers = 0;  // The sum of their magnitudes.
  };
  void Add(Key* key, std::string_view value);
  std::map<std::string, Key> keys_;
};

}  // namespace quoin::simulation
