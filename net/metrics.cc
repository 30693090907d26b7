#include "net/metrics.h"

#include <glog/logging.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "net/routes.h"

namespace quoin::net {
namespace {

constexpr std::array kStatuses = {101, 200, 201, 202, 204, 304, 400, 403, 404, 405, 406, 408, 409, 412,
                                  413, 414, 415, 417, 426, 429, 431, 500, 501, 503, 504, 505};

std::size_t IndexOfStatus(int status) {
  const auto found = std::lower_bound(kStatuses.begin(), kStatuses.end(), status);
  CHECK(found != kStatuses.end() && *found == status) << "status " << status << " is not counted";
  return static_cast<std::size_t>(found - kStatuses.begin());
}

// 50 us to 10 s: a cached read is at the one end, a slow disk at the other.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {
      50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
  return buckets;
}

}  // namespace

Metrics::Metrics()
    : requests_(prometheus::BuildCounter()
                    .Name("quoin_http_requests_total")
                    .Help("Requests answered, by method, route and status.")
                    .Register(registry_)),
      latencies_(prometheus::BuildHistogram()
                     .Name("quoin_http_request_duration_seconds")
                     .Help("From the whole request to its answer, by route.")
                     .Register(registry_)),
      connections_opened_(prometheus::BuildCounter()
                              .Name("quoin_http_connections_total")
                              .Help("Connections accepted.")
                              .Register(registry_)
                              .Add({})),
      connections_open_(prometheus::BuildGauge()
                            .Name("quoin_http_connections")
                            .Help("Connections open now.")
                            .Register(registry_)
                            .Add({})),
      in_flight_(prometheus::BuildGauge()
                     .Name("quoin_http_requests_in_flight")
                     .Help("Requests under way now.")
                     .Register(registry_)
                     .Add({})),
      received_bytes_(prometheus::BuildCounter()
                          .Name("quoin_http_received_bytes_total")
                          .Help("Bytes received from clients.")
                          .Register(registry_)
                          .Add({})),
      sent_bytes_(prometheus::BuildCounter()
                      .Name("quoin_http_sent_bytes_total")
                      .Help("Bytes sent to clients.")
                      .Register(registry_)
                      .Add({})) {
  static_assert(kStatuses.size() <= kStatusCount);
}

void Metrics::CountRequest(Method method, Route route, int status, std::chrono::nanoseconds latency) {
  const auto method_index = static_cast<std::size_t>(method);
  const auto route_index = static_cast<std::size_t>(route);
  std::atomic<prometheus::Counter*>& counter = request_counters_[method_index][route_index][IndexOfStatus(status)];
  prometheus::Counter* resolved = counter.load(std::memory_order_acquire);
  if (resolved == nullptr) {
    resolved = &requests_.Add({{"method", std::string(MethodName(method))},
                               {"route", std::string(InfoOf(route).name)},
                               {"status", std::to_string(status)}});
    counter.store(resolved, std::memory_order_release);
  }
  resolved->Increment();

  prometheus::Histogram* histogram = latency_histograms_[route_index].load(std::memory_order_acquire);
  if (histogram == nullptr) {
    histogram = &latencies_.Add({{"route", std::string(InfoOf(route).name)}}, LatencyBuckets());
    latency_histograms_[route_index].store(histogram, std::memory_order_release);
  }
  histogram->Observe(std::chrono::duration<double>(latency).count());
}

void Metrics::CountConnection(bool opened) {
  if (opened) {
    connections_opened_.Increment();
    connections_open_.Increment();
  } else {
    connections_open_.Decrement();
  }
}

void Metrics::CountTraffic(std::size_t received_bytes, std::size_t sent_bytes) {
  if (received_bytes > 0) received_bytes_.Increment(static_cast<double>(received_bytes));
  if (sent_bytes > 0) sent_bytes_.Increment(static_cast<double>(sent_bytes));
}

void Metrics::AddSampler(Sampler sampler) {
  const std::lock_guard lock(samplers_mutex_);
  samplers_.push_back(std::move(sampler));
}

std::string Metrics::Render() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  std::vector<MetricSample> samples;
  {
    const std::lock_guard lock(samplers_mutex_);
    for (const Sampler& sampler : samplers_) sampler(samples);
  }
  for (MetricSample& sample : samples) {
    prometheus::MetricFamily family;
    family.name = std::move(sample.name);
    family.help = std::move(sample.help);
    family.type = sample.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    (sample.is_counter ? metric.counter.value : metric.gauge.value) = sample.value;
    family.metric.push_back(std::move(metric));
    families.push_back(std::move(family));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace quoin::net
