// Metrics: what the front end counts, as Prometheus text.
//
// Every label combination is resolved at its first use and then kept in a table, so that counting a request costs two
// array accesses and no look-up by name.
//
// Thread safety: everything may be called on any shard. Samplers run on the shard that renders.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "net/http_message.h"

namespace quoin::net {

// A number that others keep and that is asked for when the metrics are read.
struct MetricSample {
  std::string name;  // "quoin_storage_size_bytes"
  std::string help;
  double value = 0;
  bool is_counter = false;  // Otherwise a gauge.
};

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void CountRequest(Method method, Route route, int status, std::chrono::nanoseconds latency);
  void CountConnection(bool opened);
  void CountTraffic(std::size_t received_bytes, std::size_t sent_bytes);
  void SetInFlight(std::size_t requests) { in_flight_.Set(static_cast<double>(requests)); }

  double open_connections() const { return connections_open_.Value(); }

  // Adds a source of samples; it must stay good as long as the metrics.
  using Sampler = std::function<void(std::vector<MetricSample>&)>;
  void AddSampler(Sampler sampler);

  // The Prometheus text format, version 0.0.4.
  std::string Render() const;

 private:
  // The statuses that the API answers with.
  static constexpr std::size_t kStatusCount = 32;

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& latencies_;
  prometheus::Counter& connections_opened_;
  prometheus::Gauge& connections_open_;
  prometheus::Gauge& in_flight_;
  prometheus::Counter& received_bytes_;
  prometheus::Counter& sent_bytes_;

  // By method, route and status; nullptr until first used. The family gives the same counter to all who ask.
  std::array<std::array<std::array<std::atomic<prometheus::Counter*>, kStatusCount>, kRouteCount>, kMethodCount>
      request_counters_{};
  std::array<std::atomic<prometheus::Histogram*>, kRouteCount> latency_histograms_{};

  mutable std::mutex samplers_mutex_;
  std::vector<Sampler> samplers_;  // Guarded by samplers_mutex_.
};

}  // namespace quoin::net
