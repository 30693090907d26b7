// ApiHandler: the node's HTTP API (docs/api.md), over a keyspace.
//
// One file per part: api_handler.cc (routing, admission, logs), api_key.cc (one key), api_list.cc, api_batch.cc (many
// keys), api_watch.cc (changes of keys), api_websocket.cc (from the handshake on), api_cluster.cc (the cluster and its members), api_stats.cc
// (counts and latencies), api_node.cc (pages about the node itself).
//
// Thread safety: one object serves all shards.
// Lifetime: must outlive all sessions; the keyspace must outlive it, and every answer that is to come from there.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "kv/record.h"
#include "net/cluster_view.h"
#include "net/http_handler.h"
#include "net/http_session.h"
#include "net/key_head.h"
#include "net/keyspace_gate.h"
#include "net/known_hosts.h"
#include "net/member_stats.h"
#include "net/metrics.h"
#include "net/node_status.h"
#include "net/operation_meter.h"
#include "net/origin.h"
#include "net/uri.h"
#include "net/watch_gate.h"
#include "net/watch_source.h"
#include "net/websocket_session.h"
#include "quorum/keyspace.h"

namespace quoin::net {

class ApiHandler : public HttpHandler {
 public:
  struct Options {
    NodeId node;
    // Random, drawn at each start of the node: the client part of the ids of its operations, and the beginning of the
    // request ids that it makes.
    std::uint64_t start_nonce = 0;
    std::size_t max_inflight_requests = 10'000;
    std::size_t max_value_bytes = 1 << 20;
    std::size_t max_batch_bytes = 8 << 20;
    std::size_t max_page_bytes = 1 << 20;
    // What WebSockets may do.
    WebSocketLimits web_socket;
    AllowedOrigins allowed_origins;
    KnownHosts hosts;  // Besides those of the cluster's members.
    NodeStatusSource status;
    ClusterView* cluster = nullptr;  // Outlives the handler. nullptr: this node knows of no cluster.
    WatchSource* watches = nullptr;       // Outlives the handler. nullptr: this node serves no watches.
    std::size_t max_watches = 20'000;
    MemberStats* member_stats = nullptr;  // Outlives the handler. nullptr: nobody asks the other members.
    std::function<SteadyTime()> steady_now = [] { return std::chrono::steady_clock::now(); };
    std::function<kv::WallTime()> wall_now = [] {
      return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    };
  };

  ApiHandler(quorum::Keyspace& keyspace, Options options);

  std::string_view node_line() const override { return node_line_; }
  std::string NewRequestId() override;
  HeadVerdict CheckHead(const HttpHead& head, std::string_view request_id) override;
  OnTimeout Handle(HttpRequest request, Respond respond) override;
  void OnConnection(bool opened) override { metrics_.CountConnection(opened); }
  void OnTraffic(std::size_t received_bytes, std::size_t sent_bytes) override {
    metrics_.CountTraffic(received_bytes, sent_bytes);
  }
  void OnAnswered(const AnsweredRequest& answered) override;

  // The whole answer, as bytes, for a client beyond --max_connections, or beyond what the limit of open files leaves.
  std::string TooManyConnections(std::size_t max_connections);

  Metrics& metrics() { return metrics_; }

 private:
  // nullopt when the head is acceptable; otherwise why not. Fills in what the verdict says about the body.
  std::optional<HttpResponse> Refuse(const HttpHead& head, std::string_view request_id, HeadVerdict* verdict);
  // Why the page that asks must not: it is of another origin, or of a name that isn't the node's. `host`: what the
  // request names.
  std::optional<ProblemReport> CheckOrigin(const HttpHead& head, std::string_view host, Route route) const;
  bool IsKnownHost(std::string_view host) const;
  std::optional<ProblemReport> CheckBodyFraming(const HttpHead& head, const Target& target,
                                                std::string_view encoded_key, HeadVerdict* verdict) const;

  // See HeadVerdict::answer_bytes.
  std::size_t AnswerBytes(Route route, Method method) const;

  OnTimeout HandleKey(HttpRequest request, const Target& target, std::string_view encoded_key, Respond respond);
  // A GET, HEAD, PUT or DELETE, and a POST.
  OnTimeout SubmitPlain(HttpRequest request, KeyHead key_head, Respond respond);
  OnTimeout SubmitPosted(HttpRequest request, KeyHead key_head, Respond respond);
  OnTimeout HandleList(HttpRequest request, const Target& target, Respond respond);
  // What is wrong with the request for a watch; nullopt: nothing, and the verdict says how it is answered.
  std::optional<ProblemReport> CheckWatch(const HttpHead& head, const Target& target, std::string_view request_id,
                                          HeadVerdict* verdict);
  OnTimeout HandleWatch(HttpRequest request, const Target& target, Respond respond);
  OnTimeout HandleBatch(HttpRequest request, const Target& target, Respond respond);
  HttpResponse AnswerAboutCluster(Route route, const Target& target, std::string_view request_id);
  HttpResponse ChangeMembership(const HttpRequest& request, const Target& target);
  HttpResponse AnswerAboutStats(Route route, std::string_view request_id);
  std::string StatsJson();
  // `file`: the name of a file of the dashboard.
  HttpResponse AnswerAboutNode(Route route, std::string_view file, std::string_view request_id);

  // The handshake of a WebSocket: why it is refused, or how the connection goes on.
  std::optional<HttpResponse> CheckWebSocket(const HttpHead& head, std::string_view request_id, HeadVerdict* verdict);

  const Options options_;
  const std::string node_line_;
  const std::string request_id_prefix_;
  OperationMeter meter_;
  MeteredKeyspace metered_;
  KeyspaceGate gate_;
  WatchGate watch_gate_;
  Metrics metrics_;
  std::atomic<std::uint64_t> next_request_{1};
  // Of the second in which the latest warning was logged, and what was left out since.
  std::atomic<std::int64_t> warned_at_s_{0};
  std::atomic<std::uint64_t> warnings_left_out_{0};
};

}  // namespace quoin::net
