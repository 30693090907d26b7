// Says each refusal once: not at every retry, but again when the reason changes.
// Bounds: forgets everything when it knows kMaxPeers.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace quoin::net {

class PeerRefusalLog {
 public:
  static constexpr std::size_t kMaxPeers = 1024;

  // Whether this is news. `who` is a node's id, or an IP address.
  bool IsNews(const std::string& who, const std::string& reason) {
    if (said_.size() >= kMaxPeers && !said_.contains(who)) said_.clear();
    std::string& last = said_[who];
    if (last == reason) return false;
    last = reason;
    return true;
  }
  // All is well with this one; the next refusal is news again.
  void Forget(const std::string& who) { said_.erase(who); }

 private:
  std::map<std::string, std::string> said_;
};

}  // namespace quoin::net
