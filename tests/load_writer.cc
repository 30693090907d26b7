#include "tests/load_writer.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <tuple>

#include "base/text.h"
#include "tests/process/child_process.h"

namespace quoin::tests {
namespace {

namespace json = boost::json;
using net::HttpClientRequest;
using net::HttpClientResponse;

constexpr int kKeysPerWriter = 20;
constexpr int kCountersPerWriter = 2;

net::HttpClient::Time Deadline() { return std::chrono::steady_clock::now() + kPatience; }

// "3.00c0ffee00c0ffee.41", quotes around it or not, in an order that is the versions'.
std::tuple<std::uint64_t, std::string, std::uint64_t> VersionOrder(std::string_view etag) {
  if (etag.starts_with('"')) etag = etag.substr(1, etag.size() - 2);
  const std::size_t first = etag.find('.');
  const std::size_t last = etag.rfind('.');
  const auto round = ParseUint64(etag.substr(0, first));
  const auto sequence = ParseUint64(etag.substr(last + 1));
  EXPECT_TRUE(round && sequence) << etag;
  return {round.value_or(0), std::string(etag.substr(first + 1, last - first - 1)), sequence.value_or(0)};
}

std::string EtagOf(const HttpClientResponse& response) { return std::string(response.Field("ETag").value_or("")); }
std::string Quoted(std::string_view version) { return "\"" + std::string(version) + "\""; }

// The member's text; empty when it is not there or no text.
std::string Text(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

json::object ParseObject(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  EXPECT_TRUE(!error && value.is_object()) << Printable(body, 1000);
  return !error && value.is_object() ? value.as_object() : json::object();
}

}  // namespace

void AcknowledgementGate::Enter() {
  std::lock_guard lock(mutex_);
  ++running_;
  ++entered_;
}

void AcknowledgementGate::Count() {
  std::lock_guard lock(mutex_);
  if (++counted_ >= wanted_) changed_.notify_all();
}

void AcknowledgementGate::Leave() {
  std::lock_guard lock(mutex_);
  if (--running_ == 0) changed_.notify_all();
}

void AcknowledgementGate::WaitUntilReached() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return counted_ >= wanted_ || (entered_ > 0 && running_ == 0); });
}

LoadWriter::LoadWriter(std::string prefix, std::uint64_t seed) : prefix_(std::move(prefix)), random_(seed) {}

void LoadWriter::RunUntilTheNodeIsGone(std::uint16_t port, AcknowledgementGate& gate) {
  gate.Enter();
  net::HttpClient client({"127.0.0.1", port});
  bool there = true;
  while (there && !testing::Test::HasFailure()) {
    const int kind = Draw(0, 99);
    there = kind < 60 ? Put(client) : kind < 75 ? Delete(client) : kind < 90 ? Increment(client) : Batch(client);
    if (there) gate.Count();
  }
  gate.Leave();
}

std::string LoadWriter::DrawKey() { return prefix_ + "k" + std::to_string(Draw(0, kKeysPerWriter - 1)); }

// Bytes that no other write has, so that a value read back is known whole by being equal.
std::string LoadWriter::DrawValue() {
  const int size_bytes = Draw(0, 9) == 0 ? Draw(0, 30'000) : Draw(0, 200);
  std::string value(static_cast<std::size_t>(size_bytes), '\0');
  for (std::size_t i = 0; i < value.size(); i += 8) {
    const std::uint64_t bytes = random_();
    for (std::size_t k = i; k < std::min(value.size(), i + 8); ++k) value[k] = static_cast<char>(bytes >> (k - i) * 8);
  }
  return value;
}

std::optional<HttpClientResponse> LoadWriter::Send(net::HttpClient& client, const HttpClientRequest& request,
                                                   const std::vector<std::string>& keys,
                                                   const std::vector<State>& states) {
  Result<HttpClientResponse> response = client.Do(request, Deadline());
  const bool unknown = response.ok() ? response->status == 504 : response.code() == Code::kUnknown;
  if (unknown) {
    for (std::size_t i = 0; i < keys.size(); ++i) keys_[keys[i]].possible.push_back(states[i]);
    return std::nullopt;
  }
  if (!response.ok()) {
    EXPECT_EQ(response.code(), Code::kUnavailable) << response.status();
    return std::nullopt;
  }
  return *std::move(response);
}

void LoadWriter::Settle(const std::string& key, State state) {
  Key& settled = keys_[key];
  if (!state.etag.empty()) {
    if (!settled.newest_etag.empty() && state.etag != settled.newest_etag) {
      EXPECT_GT(VersionOrder(state.etag), VersionOrder(settled.newest_etag)) << key;
    }
    settled.newest_etag = state.etag;
  }
  settled.possible.clear();
  settled.possible.push_back(std::move(state));
}

bool LoadWriter::Put(net::HttpClient& client) {
  const std::string key = DrawKey();
  const bool created = !keys_[key].possible.front().value.has_value();
  State state{DrawValue(), ""};
  HttpClientRequest request{"PUT", "/v1/kv/" + key, {{"Content-Type", "text/x-load"}}, *state.value};
  const auto response = Send(client, request, {key}, {state});
  if (!response) return false;
  EXPECT_EQ(response->status, created ? 201u : 204u) << key << ": " << response->body;
  state.etag = EtagOf(*response);
  EXPECT_FALSE(state.etag.empty());
  Settle(key, std::move(state));
  ++acknowledged_;
  return true;
}

bool LoadWriter::Delete(net::HttpClient& client) {
  const std::string key = DrawKey();
  const bool there = keys_[key].possible.front().value.has_value();
  const auto response = Send(client, {"DELETE", "/v1/kv/" + key, {}, ""}, {key}, {State{}});
  if (!response) return false;
  EXPECT_EQ(response->status, there ? 204u : 404u) << key << ": " << response->body;
  Settle(key, State{});
  ++acknowledged_;
  return true;
}

bool LoadWriter::Increment(net::HttpClient& client) {
  const std::string key = prefix_ + "n" + std::to_string(Draw(0, kCountersPerWriter - 1));
  const auto before = ParseInt64(keys_[key].possible.front().value.value_or("0"));
  const int by = Draw(-5, 10);
  State state{std::to_string(before.value_or(0) + by), ""};
  HttpClientRequest request{"POST", "/v1/kv/" + key, {{"Content-Type", "application/json"}}, ""};
  request.body = json::serialize(json::object{{"op", "increment"}, {"by", by}});
  const auto response = Send(client, request, {key}, {state});
  if (!response) return false;
  EXPECT_EQ(response->status, 200u) << key << ": " << response->body;
  const json::object result = ParseObject(response->body);
  EXPECT_EQ(Text(result, "value"), *state.value) << key;
  state.etag = Quoted(Text(result, "version"));
  Settle(key, std::move(state));
  ++acknowledged_;
  return true;
}

bool LoadWriter::Batch(net::HttpClient& client) {
  // Distinct keys, since a lost batch may have been applied in part.
  std::set<std::string> chosen;
  for (int i = Draw(2, 6); i > 0; --i) chosen.insert(DrawKey());
  const std::vector<std::string> keys(chosen.begin(), chosen.end());
  std::vector<State> states;
  json::array operations;
  for (const std::string& key : keys) {
    states.push_back({DrawValue(), ""});
    operations.push_back({{"op", "put"}, {"key", key}, {"value_base64", Base64Encode(*states.back().value)}});
  }
  HttpClientRequest request{"POST", "/v1/batch", {{"Content-Type", "application/json"}}, ""};
  request.body = json::serialize(json::object{{"operations", operations}});
  const auto response = Send(client, request, keys, states);
  if (!response) return false;
  EXPECT_EQ(response->status, 200u) << response->body;
  const json::object body = ParseObject(response->body);
  const json::value* results = body.if_contains("results");
  if (results == nullptr || !results->is_array() || results->as_array().size() != keys.size()) {
    ADD_FAILURE() << Printable(response->body, 1000);
    return false;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const json::object& result = results->as_array()[i].as_object();
    EXPECT_EQ(Text(result, "outcome"), "done") << json::serialize(result);
    states[i].etag = Quoted(Text(result, "version"));
    Settle(keys[i], std::move(states[i]));
    ++acknowledged_;
  }
  return true;
}

void LoadWriter::Verify(std::uint16_t port) {
  net::HttpClient client({"127.0.0.1", port});
  for (auto& [key, state] : keys_) {
    const auto response = client.Do({"GET", "/v1/kv/" + key, {}, ""}, Deadline());
    ASSERT_TRUE(response.ok()) << key << ": " << response.status();
    State found;
    if (response->status == 200) {
      found = {response->body, EtagOf(*response)};
    } else {
      ASSERT_EQ(response->status, 404u) << key << ": " << response->body;
    }
    bool expected = false;
    for (const State& possible : state.possible) {
      expected = expected || (possible.value == found.value && (possible.etag.empty() || possible.etag == found.etag));
    }
    ASSERT_TRUE(expected) << key << " holds what nobody wrote last: " << (found.value ? found.value->size() : 0)
                          << " bytes, version " << found.etag << "; acknowledged was "
                          << (state.possible.front().value ? "version " + state.possible.front().etag : "absence")
                          << ", and " << state.possible.size() - 1 << " under way";
    Settle(key, std::move(found));
  }
}

int LoadWriter::unsettled() const {
  int count = 0;
  for (const auto& [key, state] : keys_) count += state.possible.size() > 1;
  return count;
}

void LoadWriter::AddPresentKeys(std::set<std::string>& keys) const {
  for (const auto& [key, state] : keys_) {
    if (state.possible.front().value) keys.insert(key);
  }
}

std::set<std::string> ListAllKeys(std::uint16_t port) {
  net::HttpClient client({"127.0.0.1", port});
  std::set<std::string> keys;
  std::string cursor;
  do {
    // Base64 has '+', '/' and '=', which mean something in a query.
    std::string encoded;
    for (char c : cursor) encoded += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    const std::string target = "/v1/kv?keys_only=true&limit=1000" + (encoded.empty() ? "" : "&cursor=" + encoded);
    const auto response = client.Do({"GET", target, {}, ""}, Deadline());
    EXPECT_TRUE(response.ok() && response->status == 200)
        << (response.ok() ? response->body : response.status().ToString());
    if (!response.ok() || response->status != 200) break;
    const json::object page = ParseObject(response->body);
    const json::value* entries = page.if_contains("entries");
    if (entries == nullptr || !entries->is_array()) {
      ADD_FAILURE() << Printable(response->body, 1000);
      break;
    }
    for (const json::value& entry : entries->as_array()) {
      EXPECT_TRUE(keys.insert(Text(entry.as_object(), "key")).second) << "listed twice: " << json::serialize(entry);
    }
    cursor = Text(page, "cursor");
  } while (!cursor.empty());
  return keys;
}

}  // namespace quoin::tests
