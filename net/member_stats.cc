#include "net/member_stats.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "net/http_client.h"
#include "net/member_stats_check.h"

namespace quoin::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

}  // namespace

// One GET on a connection of its own. Keeps itself alive until it ends; OnEnd is called once.
class MemberStats::Request : public std::enable_shared_from_this<Request> {
 public:
  Request(MemberStats& owner, NodeId node) : owner_(owner), node_(node), stream_(owner.context_) {}

  void Start(const HttpEndpoint& server) {
    request_.method(http::verb::get);
    request_.target("/v1/stats");
    request_.version(11);
    request_.set(http::field::host, server.ToString());
    request_.set(http::field::user_agent, "quoin-node");
    request_.keep_alive(false);
    parser_.body_limit(kMaxAnswerBytes);
    stream_.expires_after(owner_.patience_);  // Of all that follows.
    if (const auto addresses = NameLookup::Literal(server.host)) return Connect(*addresses, server.port);
    owner_.names_.Find(server.host, NameLookup::Patience::Within(owner_.patience_),
                       [self = shared_from_this(), port = server.port](const Result<NameLookup::Found>& found) {
                         if (!found.ok()) return self->End(found.status().message());
                         self->Connect(found->addresses, port);
                       });
  }

 private:
  void Connect(const NameLookup::Addresses& addresses, std::uint16_t port) {
    stream_.async_connect(NameLookup::EndpointsOf(addresses, port),
                          [self = shared_from_this()](const auto& error, const auto&) {
                            if (error) return self->End("no connection: " + error.message());
                            self->Send();
                          });
  }

  void Send() {
    http::async_write(stream_, request_, [self = shared_from_this()](const auto& error, std::size_t) {
      if (error) return self->End("the request could not be sent: " + error.message());
      self->Receive();
    });
  }

  void Receive() {
    http::async_read(stream_, buffer_, parser_, [self = shared_from_this()](const auto& error, std::size_t) {
      if (error) return self->End("no whole answer: " + error.message());
      self->Take();
    });
  }

  void Take() {
    auto& response = parser_.get();
    if (response.result_int() != 200) return End("the answer is " + std::to_string(response.result_int()));
    if (const Status status = CheckMemberStats(node_, response.body()); !status.ok()) return End(status.message());
    owner_.OnEnd(node_, {}, std::move(response.body()));
  }

  void End(const std::string& error) { owner_.OnEnd(node_, error, {}); }

  MemberStats& owner_;
  const NodeId node_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
};

MemberStats::MemberStats(boost::asio::io_context& context, const ClusterView& cluster,
                         std::chrono::milliseconds patience, NameLookup::Resolve resolve)
    : context_(context), cluster_(cluster), patience_(patience), names_(context, std::move(resolve)) {}

MemberStats::~MemberStats() = default;

std::map<NodeId, MemberStats::Answer> MemberStats::Latest() {
  const auto snapshot = cluster_.Snapshot();
  const std::lock_guard lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  if (asked_ == Time() || now - asked_ >= kInterval) {
    asked_ = now;
    asio::post(context_, [this] { AskAll(); });
  }
  std::erase_if(answers_, [&](const auto& answer) {
    return snapshot->topology == nullptr || !snapshot->topology->members.contains(answer.first);
  });
  return answers_;
}

void MemberStats::AskAll() {
  const auto snapshot = cluster_.Snapshot();
  if (snapshot->topology == nullptr) return;
  for (const auto& [node, member] : snapshot->topology->members) {
    if (node == snapshot->self || under_way_[node]) continue;
    under_way_[node] = true;
    const auto server = ParseHttpEndpoint(member.client_address);
    if (server.ok()) {
      std::make_shared<Request>(*this, node)->Start(*server);
    } else {
      OnEnd(node, server.status().message(), {});
    }
  }
}

void MemberStats::OnEnd(NodeId node, const std::string& error, std::string json) {
  under_way_.erase(node);
  const std::lock_guard lock(mutex_);
  Answer& answer = answers_[node];
  answer.error = error;
  if (!error.empty()) return;
  answer.json = std::move(json);
  answer.received = std::chrono::steady_clock::now();
}

}  // namespace quoin::net
