#include "tools/client_store.h"

#include <glog/logging.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "tools/version.h"

namespace quoin::tools {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kGiveUpInterval{20};

client::Options LibraryOptions(const Store::Options& options) {
  client::Options library;
  for (const net::HttpEndpoint& server : options.servers) library.servers.push_back(server.ToString());
  library.timeout = std::max(duration_cast<milliseconds>(options.timeout), milliseconds(1));
  // Each server gets its share of the time to be reached in.
  library.connect_timeout =
      std::max(library.timeout / static_cast<std::int64_t>(options.servers.size()), milliseconds(1));
  // A server that falls silent is given up after twice this; half of the time is then left for another one.
  library.ping_interval = std::clamp(library.timeout / 4, milliseconds(500), milliseconds(5000));
  // A person or a script wants to know at once that nobody is there.
  library.retry.wait_for_servers = false;
  library.user_agent = "quoin-client/" + std::string(kVersion);
  return library;
}

}  // namespace

Store::Store(Options options) : options_(std::move(options)) { CHECK(!options_.servers.empty()); }

Store::~Store() { Close(); }

void Store::Close() {
  client_ = nullptr;
  // What the library still has to say goes nowhere, but it belongs to this loop.
  context_.restart();
  context_.poll();
}

client::Client& Store::Open() {
  context_.restart();
  if (client_ == nullptr) {
    auto made = client::Client::Create(context_.get_executor(), LibraryOptions(options_));
    CHECK(made.ok()) << made.status();  // Servers and times have been checked as flags.
    client_ = *std::move(made);
  }
  // What came while nobody looked: most of all, that the server has closed the connection.
  while (context_.poll() > 0) {
  }
  context_.restart();
  return *client_;
}

void Store::RunUntil(const bool& ended) {
  while (!ended) {
    if (given_up() && client_ != nullptr) {
      client_->Close();
      client_ = nullptr;  // What was under way ends in the next turns.
    }
    context_.restart();
    context_.run_one_for(kGiveUpInterval);
  }
}

client::Answer Store::Do(client::Operation operation, client::CallOptions options) {
  client::Answer answer;
  bool ended = false;
  Open().Start(std::move(operation), std::move(options), [&](client::Answer came) {
    answer = std::move(came);
    ended = true;
  });
  RunUntil(ended);
  return answer;
}

std::vector<client::Answer> Store::Batch(std::vector<client::Operation> operations,
                                         const client::CallOptions& options) {
  std::vector<client::Answer> answers(operations.size());
  std::size_t left = operations.size();
  bool ended = left == 0;
  client::Client& client = Open();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    client.Start(std::move(operations[i]), options, [&, i](client::Answer came) {
      answers[i] = std::move(came);
      ended = --left == 0;
    });
  }
  RunUntil(ended);
  return answers;
}

client::PageAnswer Store::Page(client::PageRequest request, client::CallOptions options) {
  client::PageAnswer answer;
  bool ended = false;
  Open().StartPage(std::move(request), std::move(options), [&](client::PageAnswer came) {
    answer = std::move(came);
    ended = true;
  });
  RunUntil(ended);
  return answer;
}

client::WatchStream Store::Watch(std::vector<client::WatchTarget> targets, client::WatchOptions options) {
  options.begin_within = std::max(duration_cast<milliseconds>(options_.timeout), milliseconds(1));
  return Open().Watch(std::move(targets), std::move(options));
}

}  // namespace quoin::tools
