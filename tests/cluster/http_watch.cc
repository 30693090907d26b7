#include "tests/cluster/http_watch.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <utility>

#include "net/uri.h"

namespace quoin::tests {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kBackoff{50};
constexpr std::chrono::seconds kConnectLimit{2};
// A stream that tells nothing comments every 15 s; a poll waits for kPollWait.
constexpr std::chrono::seconds kSilenceLimit{35};
constexpr const char* kPollWait = "2s";
constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 20;

std::string QueryOf(const std::vector<client::WatchTarget>& targets) {
  std::string query;
  for (const client::WatchTarget& target : targets) {
    query += query.empty() ? "?" : "&";
    query += target.kind == client::WatchTarget::Kind::kKey ? "key=" : "prefix=";
    query += net::PercentEncode(target.text);
  }
  return query;
}

}  // namespace

std::vector<EventStreamText::Block> EventStreamText::Take(std::string_view bytes) {
  std::vector<Block> blocks;
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
    line_ += bytes.substr(0, end);
    OnLine(line_, &blocks);
    line_.clear();
  }
  line_ += bytes;
  return blocks;
}

void EventStreamText::OnLine(std::string_view line, std::vector<Block>* out) {
  if (line.empty()) {
    out->push_back(std::exchange(block_, {}));
    return;
  }
  const std::string_view name = line.substr(0, line.find(':'));
  std::string_view value = line.substr(std::min(name.size() + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") block_.event = value;
  if (name == "id") block_.id = value;
  if (name == "data") block_.data += (block_.data.empty() ? "" : "\n") + std::string(value);
}

HttpWatch::HttpWatch(asio::any_io_executor executor, Options options)
    : options_(std::move(options)), query_(QueryOf(options_.targets)), stream_(executor), timer_(executor) {}

asio::awaitable<void> HttpWatch::Run() {
  while (!stopped_) {
    const bool useful = co_await Connect();
    error_code ignored;
    stream_.socket().close(ignored);
    if (stopped_ || useful) continue;
    timer_.expires_after(kBackoff);
    co_await timer_.async_wait(kAwait);
  }
}

void HttpWatch::Leave() { stream_.close(); }

void HttpWatch::Stop() {
  stopped_ = true;
  stream_.close();
  timer_.cancel();
}

asio::awaitable<bool> HttpWatch::Connect() {
  server_ = options_.next_server();
  error_code error;
  const auto address = asio::ip::make_address(server_.host, error);
  if (error) co_return false;
  stream_.expires_after(kConnectLimit);
  const auto [failed] = co_await stream_.async_connect(asio::ip::tcp::endpoint(address, server_.port), kAwait);
  if (failed) co_return false;
  buffer_.clear();
  if (options_.form == Form::kLongPoll) co_return co_await ReadPolls();
  co_return co_await ReadStream();
}

asio::awaitable<bool> HttpWatch::Send() {
  const bool streams = options_.form == Form::kEventStream;
  std::string target = "/v1/watch" + query_;
  if (!streams) target += std::string("&wait=") + kPollWait + (cursor_.empty() ? "" : "&cursor=" + cursor_);
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, server_.ToString());
  if (streams) request.set(http::field::accept, "text/event-stream");
  if (streams && !cursor_.empty()) request.set("Last-Event-ID", cursor_);
  stream_.expires_after(kSilenceLimit);
  const auto [failed, size] = co_await http::async_write(stream_, request, kAwait);
  co_return !failed;
}

bool HttpWatch::IsAccepted(unsigned status, const std::string& what) {
  if (status == 200) return true;
  // A node that has not joined, stops, or has too many: for now. Everything else would be for good.
  if (status < 500 && status != 429) options_.on_nonsense(server_.ToString() + " refused the watch: " + what);
  return false;
}

asio::awaitable<bool> HttpWatch::ReadStream() {
  if (!co_await Send()) co_return false;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  const auto [failed, header_size] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
  if (failed || !IsAccepted(parser.get().result_int(), "status " + std::to_string(parser.get().result_int()))) {
    co_return false;
  }
  options_.on_connection(!cursor_.empty());
  EventStreamText text;
  std::array<char, 16 << 10> chunk;
  while (!stopped_ && !parser.is_done()) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    stream_.expires_after(kSilenceLimit);
    const auto [ended, size] = co_await http::async_read_some(stream_, buffer_, parser, kAwait);
    if (stopped_ || (ended && ended != http::error::need_buffer)) break;
    for (const auto& block : text.Take({chunk.data(), chunk.size() - parser.get().body().size})) OnBlock(block);
  }
  co_return true;
}

void HttpWatch::OnBlock(const EventStreamText::Block& block) {
  if (block.event == "problem") {
    // It ends with that; a cursor or target that is refused would be refused for ever.
    if (block.data.find("\"status\": 4") != std::string::npos) {
      options_.on_nonsense(server_.ToString() + " ended the watch: " + block.data);
    }
    return;
  }
  if (!block.data.empty()) {
    error_code error;
    const json::value parsed = json::parse(block.data, error);
    if (error) return options_.on_nonsense(server_.ToString() + " told what is no JSON: " + block.data);
    OnJson(parsed);
  }
  if (block.id) cursor_ = *block.id;
}

void HttpWatch::OnJson(const json::value& event) {
  const auto told = EventOf(event);
  if (!told.ok()) return options_.on_nonsense(server_.ToString() + " told " + told.status().message());
  options_.on_event(*told);
}

asio::awaitable<bool> HttpWatch::ReadPolls() {
  bool useful = false;
  while (!stopped_ && co_await Send()) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(kMaxAnswerBytes);
    const auto [failed, size] = co_await http::async_read(stream_, buffer_, parser, kAwait);
    if (stopped_ || failed) break;
    if (!IsAccepted(parser.get().result_int(), parser.get().body())) co_return false;
    useful = true;
    options_.on_connection(!cursor_.empty());
    OnPolled(parser.get().body());
    if (!parser.get().keep_alive()) break;
  }
  co_return useful;
}

void HttpWatch::OnPolled(const std::string& body) {
  error_code error;
  const json::value parsed = json::parse(body, error);
  const json::object* const answer = error ? nullptr : parsed.if_object();
  const json::value* const events = answer == nullptr ? nullptr : answer->if_contains("events");
  const json::value* const cursor = answer == nullptr ? nullptr : answer->if_contains("cursor");
  if (events == nullptr || !events->is_array()) {
    return options_.on_nonsense(server_.ToString() + " answered a poll without events: " + body);
  }
  for (const json::value& event : events->get_array()) OnJson(event);
  // A node that has reached nobody in time has got nowhere.
  if (cursor != nullptr && cursor->is_string() && !cursor->get_string().empty()) cursor_ = cursor->get_string();
}

}  // namespace quoin::tests
