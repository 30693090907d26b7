#include "tools/client_link.h"

#include <utility>

#include "tools/version.h"

namespace quoin::tools {

Link::Link(Options options) : give_up_(std::move(options.give_up)), timeout_(options.timeout) {
  CHECK(!options.servers.empty());
  net::HttpClient::Options client;
  client.user_agent = "quoin-client/" + std::string(kVersion);
  client.give_up = give_up_;
  for (net::HttpEndpoint& server : options.servers) {
    clients_.push_back(std::make_unique<net::HttpClient>(std::move(server), client));
  }
}

Result<net::HttpClientResponse> Link::Do(const net::HttpClientRequest& request) { return Do(request, timeout_); }

Result<net::HttpClientResponse> Link::Do(const net::HttpClientRequest& request, std::chrono::microseconds timeout) {
  const auto begin = std::chrono::steady_clock::now();
  const auto deadline = begin + timeout;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  Code code = Code::kUnavailable;
  std::string reasons;
  for (std::size_t left = clients_.size(); left > 0; --left) {
    const auto now = std::chrono::steady_clock::now();
    const auto share_end = now + (deadline - now) / static_cast<std::int64_t>(left);
    Result<net::HttpClientResponse> response = clients_[current_]->Do(request, reads ? share_end : deadline, share_end);
    // A server that hangs must not hide the healthy ones.
    const bool goes_on = response.code() == Code::kUnavailable || (reads && response.code() == Code::kUnknown);
    if (!goes_on || given_up()) return response;
    if (response.code() == Code::kUnknown) code = Code::kUnknown;
    if (!reasons.empty()) reasons += "; ";
    reasons += response.status().message();
    current_ = (current_ + 1) % clients_.size();
  }
  return Status(code, reasons);
}

}  // namespace quoin::tools
