// ObserverComplaints: what broke, one sentence each, the invariant's number first.
#pragma once

#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace quoin::simulation {

class ObserverComplaints {
 public:
  // The parts are streamed one after the other. The same sentence is kept once, and no more than kMax of them: after
  // the first few everything is wrong.
  template <typename... Parts>
  void Add(const Parts&... parts) {
    if (all_.size() >= kMax) return;
    std::ostringstream text;
    (text << ... << parts);
    if (known_.insert(text.str()).second) all_.push_back(text.str());
  }

  const std::vector<std::string>& all() const { return all_; }

 private:
  static constexpr std::size_t kMax = 16;
  std::vector<std::string> all_;
  std::set<std::string> known_;
};

}  // namespace quoin::simulation
