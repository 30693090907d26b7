// Which way operations go: links to servers, and what is known of the ring.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/client/client_impl.h"
#include "net/client/ring_view.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;

// Between two requests for the ring, whatever goes wrong.
constexpr milliseconds kMinRingWait{200};

Time Now() { return std::chrono::steady_clock::now(); }

// Between half of it and one and a half, so that clients that began together don't ask together for ever.
milliseconds Jittered(milliseconds average, std::mt19937_64& random) {
  return average / 2 + milliseconds(std::uniform_int_distribution<std::int64_t>(0, average.count())(random));
}

std::uint64_t NodeIdOf(const Responder& responder) { return ParseHex64(responder.node).value_or(0); }

}  // namespace

void Client::Impl::OpenLinks() {
  const Connection::Shared shared = Share(weak_from_this());
  const std::size_t each = options_.connections_per_server;
  for (std::size_t i = 0; i < router_.server_count() * each; ++i) {
    const net::HttpEndpoint& server = router_.server(i / each);
    if (i == links_.size()) {
      links_.push_back(std::make_unique<Link>(shared, options_, server, Route{i / each, i % each},
                                              static_cast<Link::Owner&>(*this)));
    } else if (links_[i]->server() != server) {
      links_[i]->Retarget(server);
    }
  }
}

Connection::Shared Client::Impl::Share(std::weak_ptr<void> life) {
  return {executor_, random_, read_buffer_, counts_, std::move(life)};
}

net::HttpEndpoint Client::Impl::ServerForWatch(std::vector<net::HttpEndpoint>* tried) {
  std::vector<std::size_t> left;
  bool some_are_up = false;
  for (std::size_t i = 0; i < router_.server_count(); ++i) {
    if (!router_.is_listed(i) || std::ranges::find(*tried, router_.server(i)) != tried->end()) continue;
    left.push_back(i);
    some_are_up |= router_.is_up(i);
  }
  if (left.empty()) {
    CHECK(!tried->empty()) << "no server is listed";
    tried->clear();
    return ServerForWatch(tried);
  }
  if (some_are_up) std::erase_if(left, [this](std::size_t server) { return !router_.is_up(server); });
  return router_.server(left[random_() % left.size()]);
}

void Client::Impl::OnUp(Link& link) {
  router_.OnUp(link.route().server, NodeId{NodeIdOf(*link.responder())});
  // The first connection asks before anything else is sent.
  const Time now = Now();
  if (now >= ring_due_) AskForRing(*link.session(), now);
}

void Client::Impl::LearnLeader(std::uint64_t hash, const kv::Ballot& ballot) {
  if (!router_.Learn(hash, ballot)) AskForRingSoon();
}

void Client::Impl::AskForRing(Session& session, Time now) {
  if (ring_asked_ || session.room() == 0) return;
  v1::ClientFrame frame;
  frame.mutable_ring()->set_known_epoch(router_.ring().epoch);
  session.Send(frame, kRingToken, now);
  ++counts_.ring_requests;
  ring_asked_ = true;
  ring_asked_at_ = now;
  ring_due_ = now + Jittered(options_.ring_interval, random_);
}

void Client::Impl::AskForRingSoon() {
  if (options_.routing != Routing::kLeaders || !router_.has_ring()) return;
  const Time earliest = std::max(Now(), ring_asked_at_ + kMinRingWait);
  if (ring_due_ <= earliest + kMinRingWait) return;
  // When a node is lost, all of its clients want to know.
  ring_due_ = earliest + milliseconds(random_() % static_cast<std::uint64_t>(kMinRingWait.count()));
}

void Client::Impl::LearnRing(const v1::ServerFrame& frame) {
  Result<RingView> ring = TakeRing(frame, router_.ring());
  if (!ring.ok()) {
    LOG_EVERY_N(WARNING, 100) << ring.status().message();
    return;
  }
  const std::size_t each = options_.connections_per_server;
  const auto is_idle = [&](std::size_t server) {
    return std::all_of(links_.begin() + static_cast<std::ptrdiff_t>(server * each),
                       links_.begin() + static_cast<std::ptrdiff_t>((server + 1) * each),
                       [](const auto& link) { return link->idle(); });
  };
  if (!router_.OnRing(*std::move(ring), is_idle)) return;
  OpenLinks();
  if (router_.lane_count() != lanes_.count()) RenumberLanes();
}

void Client::Impl::RenumberLanes() {
  const std::vector<Token> waiting = lanes_.StopAllWaiting();
  lanes_ = Lanes(router_.lane_count());
  for (const Pending& pending : table_) {
    if (!pending.in_lane) continue;
    const auto server = static_cast<std::uint32_t>(pending.link->route().server);
    lanes_.Enter(router_.LaneOf(pending.hash), server, false, /*again=*/true);
  }
  DispatchAll(waiting);
}

}  // namespace quoin::client
