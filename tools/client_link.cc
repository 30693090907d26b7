#include "tools/client_link.h"

#include <utility>

#include "tools/version.h"

namespace quoin::tools {

Link::Link(Options options) : timeout_(options.timeout) {
  CHECK(!options.servers.empty());
  net::HttpClient::Options client;
  client.user_agent = "quoin-client/" + std::string(kVersion);
  client.give_up = std::move(options.give_up);
  for (net::HttpEndpoint& server : options.servers) {
    clients_.push_back(std::make_unique<net::HttpClient>(std::move(server), client));
  }
}

Result<net::HttpClientResponse> Link::Do(const net::HttpClientRequest& request) { return Do(request, timeout_); }

Result<net::HttpClientResponse> Link::Do(const net::HttpClientRequest& request, std::chrono::microseconds timeout) {
  const auto begin = std::chrono::steady_clock::now();
  const auto deadline = begin + timeout;
  std::string reasons;
  for (std::size_t left = clients_.size(); left > 0; --left) {
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(left);
    Result<net::HttpClientResponse> response = clients_[current_]->Do(request, deadline, now + share);
    if (response.code() != Code::kUnavailable) return response;
    if (!reasons.empty()) reasons += "; ";
    reasons += response.status().message();
    current_ = (current_ + 1) % clients_.size();
  }
  return Status(Code::kUnavailable, reasons);
}

}  // namespace quoin::tools
