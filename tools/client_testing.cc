#include "tools/client_testing.h"

#include <glog/logging.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace quoin::tools {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using beast::error_code;

constexpr const char* kVersion = "1.00c0ffee00c0ffee.1";

}  // namespace

class ScriptedNode::Impl {
 public:
  explicit Impl(Script script)
      : script_(std::move(script)), acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}) {
    // Its threads block in the kernel. A signal that is meant for the client (a program of a watch has ended) would end
    // one of their calls. They begin with the mask of whoever begins them.
    sigset_t all, before;
    ::sigfillset(&all);
    CHECK_EQ(::pthread_sigmask(SIG_SETMASK, &all, &before), 0);
    thread_ = std::thread([this] { Accept(); });
    CHECK_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  }

  ~Impl() {
    stopping_ = true;
    // Wakes a thread that sits in accept.
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
    CutAll();
    for (std::thread& server : servers_) server.join();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void CutAll() {
    const std::lock_guard lock(sockets_mutex_);
    for (tcp::socket* const socket : sockets_) {
      ::shutdown(socket->native_handle(), SHUT_RDWR);
      // Until the client's side of the connection knows.
      tcp_info state{};
      socklen_t size = sizeof state;
      do {
        PCHECK(::getsockopt(socket->native_handle(), IPPROTO_TCP, TCP_INFO, &state, &size) == 0);
        std::this_thread::yield();
      } while (state.tcpi_state == TCP_FIN_WAIT1);
    }
  }

 private:
  void Accept() {
    while (!stopping_) {
      tcp::socket socket(context_);
      error_code error;
      acceptor_.accept(socket, error);
      if (error) return;
      servers_.emplace_back([this, socket = std::move(socket)]() mutable { Serve(socket); });
    }
  }

  void Serve(tcp::socket& socket) {
    {
      const std::lock_guard lock(sockets_mutex_);
      sockets_.insert(&socket);
    }
    // The destructor may have cut all connections just before this one was listed.
    if (!stopping_) Talk(socket);
    const std::lock_guard lock(sockets_mutex_);
    sockets_.erase(&socket);
    error_code ignored;
    socket.close(ignored);
  }

  void Talk(tcp::socket& socket) {
    beast::flat_buffer buffer;
    for (;;) {
      http::request<http::string_body> request;
      error_code error;
      http::read(socket, buffer, request, error);
      if (error) return;
      if (websocket::is_upgrade(request)) return TalkFrames(socket, request);
      HttpReply reply;
      {
        const std::lock_guard lock(script_mutex_);
        CHECK(script_.http) << "the script knows no HTTP, but was asked for " << request.target();
        reply = script_.http({std::string(request.method_string()), std::string(request.target()), request.body()});
      }
      http::response<http::string_body> response(http::int_to_status(reply.status), request.version());
      response.set("Quoin-Node", script_.id);
      response.set(http::field::content_type, "application/json");
      response.body() = std::move(reply.body);
      response.prepare_payload();
      http::write(socket, response, error);
      if (error) return;
    }
  }

  void TalkFrames(tcp::socket& socket, const http::request<http::string_body>& request) {
    websocket::stream<tcp::socket&> stream(socket);
    stream.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, "quoin.v1.protobuf");
    }));
    stream.binary(true);
    error_code error;
    stream.accept(request, error);
    if (error) return;
    v1::ServerFrame hello;
    hello.mutable_hello()->set_node(script_.id);
    hello.mutable_hello()->set_max_message_bytes(32 << 20);
    hello.mutable_hello()->set_max_requests(1024);
    if (!Write(stream, hello)) return;
    for (;;) {
      beast::flat_buffer message;
      stream.read(message, error);
      v1::ClientFrame frame;
      if (error || !frame.ParseFromString(beast::buffers_to_string(message.data()))) return;
      Reaction reaction = React(frame);
      if (std::holds_alternative<Cut>(reaction)) return;
      if (std::holds_alternative<Silence>(reaction)) continue;
      auto& answer = std::get<v1::ServerFrame>(reaction);
      answer.set_id(frame.id());
      if (!Write(stream, answer)) return;
    }
  }

  Reaction React(const v1::ClientFrame& frame) {
    if (frame.has_ring()) {
      // Of a node that belongs to no cluster.
      v1::ServerFrame answer;
      answer.mutable_ring();
      return answer;
    }
    const std::lock_guard lock(script_mutex_);
    CHECK(script_.frame) << "the script knows no frames, but was asked for " << frame.ShortDebugString();
    return script_.frame(frame);
  }

  static bool Write(websocket::stream<tcp::socket&>& stream, const v1::ServerFrame& frame) {
    error_code error;
    stream.write(asio::buffer(frame.SerializeAsString()), error);
    return !error;
  }

  const Script script_;
  std::mutex script_mutex_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;                // Accepts, and
  std::vector<std::thread> servers_;  // owns these until it has ended.
  std::mutex sockets_mutex_;
  std::set<tcp::socket*> sockets_;  // Being served.
};

ScriptedNode::ScriptedNode(Script script) : impl_(std::make_unique<Impl>(std::move(script))) {}
ScriptedNode::~ScriptedNode() = default;
std::uint16_t ScriptedNode::port() const { return impl_->port(); }
void ScriptedNode::CutAll() { impl_->CutAll(); }

ScriptedNode::Reaction ScriptedKeys::React(const v1::ClientFrame& frame) {
  const std::lock_guard lock(mutex_);
  frames_.push_back(frame);
  if (frame.has_scan()) return List(frame.scan());
  if (frame.has_credit()) return ScriptedNode::Silence();
  if (frame.has_watch()) return Tell(frame.watch());
  CHECK(frame.has_operation()) << frame.ShortDebugString();
  const v1::Operation& operation = frame.operation();
  if (operation.key() == "silent") {
    on_silence_();
    return ScriptedNode::Silence();
  }
  if (operation.key() == "cut") return ScriptedNode::Cut();
  const std::string& id = operation.operation_id();
  if (const auto answered = answered_.find(id); !id.empty() && answered != answered_.end()) return answered->second;
  v1::ServerFrame answer = Apply(operation);
  if (id.empty()) return answer;
  answered_[id] = answer;
  if (operation.key() == "lost") return ScriptedNode::Cut();
  return answer;
}

void ScriptedKeys::Put(const std::string& key, const std::string& value) {
  const std::lock_guard lock(mutex_);
  values_[key] = value;
}

std::string ScriptedKeys::Value(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second;
}

std::vector<v1::ClientFrame> ScriptedKeys::frames() const {
  const std::lock_guard lock(mutex_);
  return frames_;
}

v1::ServerFrame ScriptedKeys::Apply(const v1::Operation& operation) {
  v1::ServerFrame answer;
  v1::Result& result = *answer.mutable_result();
  const auto found = values_.find(operation.key());
  const bool absent = found == values_.end();
  result.set_version(absent ? "" : kVersion);
  result.set_ballot("1.00c0ffee00c0ffee");
  for (const v1::Condition& condition : operation.conditions()) {
    if (condition.absent() && !absent) {
      result.set_outcome(v1::CONDITION_FAILED);
      return answer;
    }
  }
  result.set_outcome(v1::DONE);
  if (operation.has_put() && operation.key() == "full") {
    result.set_outcome(v1::ERROR);
    result.mutable_problem()->set_type("disk-full");
    result.mutable_problem()->set_status(503);
    result.mutable_problem()->set_detail("full");
    result.mutable_problem()->set_retry_after_ms(60'000);
  } else if (operation.has_put()) {
    values_[operation.key()] = operation.put().value();
    result.set_version(kVersion);
    result.set_created(absent);
  } else if (operation.has_increment()) {
    std::string& value = values_[operation.key()];
    value = std::to_string((value.empty() ? 0 : std::stoll(value)) + operation.increment().by());
    result.set_version(kVersion);
    result.mutable_state()->set_value(value);
  } else if (absent) {
    result.set_outcome(v1::ABSENT);
  } else if (operation.has_delete_()) {
    values_.erase(found);
  } else {
    CHECK(operation.has_get()) << operation.ShortDebugString();
    result.mutable_state()->set_value(found->second);
    result.mutable_state()->set_content_type("text/plain");
    result.mutable_state()->set_version(kVersion);
  }
  return answer;
}

v1::ServerFrame ScriptedKeys::List(const v1::Scan& scan) {
  v1::ServerFrame answer;
  v1::Page& page = *answer.mutable_page();
  for (const auto& [key, value] : values_) {
    if (!key.starts_with(scan.prefix()) || key <= scan.cursor()) continue;
    if (page.entries_size() == static_cast<int>(scan.limit())) {
      page.set_cursor(page.entries().rbegin()->key());
      break;
    }
    v1::Entry& entry = *page.add_entries();
    entry.set_key(key);
    entry.mutable_state()->set_version(kVersion);
    if (!scan.keys_only()) entry.mutable_state()->set_value(value);
  }
  return answer;
}

v1::ServerFrame ScriptedKeys::Tell(const v1::Watch& watch) {
  v1::ServerFrame answer;
  if (watch.cursor() == "refused") {
    answer.mutable_result()->set_outcome(v1::ERROR);
    answer.mutable_result()->mutable_problem()->set_type("bad-cursor");
    answer.mutable_result()->mutable_problem()->set_status(400);
    answer.mutable_result()->mutable_problem()->set_detail("it is of another cluster");
    return answer;
  }
  const auto is_watched = [&](const std::string& key) {
    return std::ranges::any_of(watch.targets(), [&](const v1::WatchTarget& target) {
      return target.has_prefix() ? key.starts_with(target.prefix()) : key == target.key();
    });
  };
  v1::Events& events = *answer.mutable_events();
  for (const auto& [key, value] : values_) {
    if (watch.state() != v1::Watch::STATE || !is_watched(key)) continue;
    v1::Event& event = *events.add_events();
    event.set_kind(v1::Event::PUT);
    event.set_key(key);
    event.set_version(kVersion);
    event.mutable_state()->set_value(value);
    event.mutable_state()->set_content_type("text/plain");
  }
  events.add_events()->set_kind(v1::Event::SYNCED);
  events.set_cursor("here");
  return answer;
}

std::string ProblemJson(const std::string& type, const std::string& outcome, const std::string& detail) {
  return R"({"type":"urn:quoin:problem:)" + type + R"(","title":"T","detail":")" + detail + R"(","outcome":")" +
         outcome + "\"}";
}

}  // namespace quoin::tools
