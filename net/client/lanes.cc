#include "net/client/lanes.h"

#include <glog/logging.h>

#include <utility>

namespace quoin::client {

bool Lanes::Enter(std::size_t at, std::uint32_t server, bool server_lost, bool again) {
  Lane& lane = lanes_[at];
  if (!again) {
    if (lane.waited_for) return false;
    if (lane.under_way > 0 && lane.server != server && !server_lost) return false;
  }
  // One that is sent again past others doesn't change where those are.
  if (!again || lane.under_way == 0 || server_lost) lane.server = server;
  ++lane.under_way;
  return true;
}

std::vector<Lanes::Token> Lanes::Leave(std::size_t at) {
  Lane& lane = lanes_[at];
  CHECK_GT(lane.under_way, 0u);
  if (--lane.under_way > 0 || !lane.waited_for) return {};
  return TakeWaiting(at);
}

void Lanes::Wait(std::size_t at, Token token) {
  CHECK_GT(lanes_[at].under_way, 0u) << "O3";
  lanes_[at].waited_for = true;
  waiting_[at].push_back(token);
}

std::vector<Lanes::Token> Lanes::StopWaiting(std::size_t at, std::uint32_t server) {
  lanes_[at].server = server;
  return lanes_[at].waited_for ? TakeWaiting(at) : std::vector<Token>();
}

std::vector<Lanes::Token> Lanes::StopAllWaiting() {
  std::vector<Token> all;
  for (auto& [lane, tokens] : waiting_) {
    lanes_[lane].waited_for = false;
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  waiting_.clear();
  return all;
}

std::vector<Lanes::Token> Lanes::TakeWaiting(std::size_t at) {
  lanes_[at].waited_for = false;
  auto node = waiting_.extract(at);
  return std::move(node.mapped());
}

}  // namespace quoin::client
