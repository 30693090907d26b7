// ApiHandler for GET /v1/kv: pages of keys.
#include <glog/logging.h>

#include <set>
#include <utility>

#include "base/text.h"
#include "net/api_handler.h"
#include "net/operation_json.h"

namespace quoin::net {
namespace {

constexpr std::size_t kMaxListLimit = 1000;

std::optional<ProblemReport> ReadListQuery(std::string_view text, quorum::ScanRequest* out) {
  const auto query = ParseQuery(text);
  if (!query.has_value()) return ProblemReport{Problem::kBadParameter, "the query is not percent-encoded well"};
  std::set<std::string_view> seen;
  for (const auto& [name, value] : *query) {
    if (!seen.insert(name).second) return ProblemReport{Problem::kBadParameter, Printable(name) + " is given twice"};
    if (name == "prefix") {
      if (value.size() > kv::kMaxKeyBytes) {
        return ProblemReport{Problem::kBadParameter,
                             "prefix has at most " + std::to_string(kv::kMaxKeyBytes) + " bytes, as keys have"};
      }
      out->prefix = value;
    } else if (name == "limit") {
      const auto limit = ParseUint64(value);
      if (!limit.has_value() || *limit < 1 || *limit > kMaxListLimit) {
        return ProblemReport{Problem::kBadParameter, "limit is 1 to " + std::to_string(kMaxListLimit)};
      }
      out->limit = *limit;
    } else if (name == "cursor") {
      auto after = Base64Decode(value);
      if (!after.has_value() || after->empty() || after->size() > kv::kMaxKeyBytes) {
        return ProblemReport{Problem::kBadParameter, "cursor is what the page before gave"};
      }
      out->after = *std::move(after);
    } else if (name == "keys_only") {
      if (value != "true" && value != "false") {
        return ProblemReport{Problem::kBadParameter, "keys_only is true or false"};
      }
      out->keys_only = value == "true";
    } else {
      return ProblemReport{Problem::kBadParameter, "there is no parameter '" + Printable(name) +
                                                       "' here; there is prefix, limit, cursor and keys_only"};
    }
  }
  if (out->after.has_value() && !out->after->starts_with(out->prefix)) {
    return ProblemReport{Problem::kBadParameter, "cursor is from a page of another prefix"};
  }
  return std::nullopt;
}

}  // namespace

HttpHandler::OnTimeout ApiHandler::HandleList(HttpRequest request, const Target& target, Respond respond) {
  quorum::ScanRequest scan;
  if (const auto problem = ReadListQuery(target.query, &scan); problem.has_value()) {
    respond(ProblemResponse(*problem, request.request_id));
    return nullptr;
  }
  if (!gate_.Enter()) {
    respond(ProblemResponse(gate_.TooManyRequests(), request.request_id));
    return nullptr;
  }
  scan.max_bytes = options_.max_page_bytes;
  const bool keys_only = scan.keys_only;
  gate_.keyspace().Scan(std::move(scan), [this, keys_only, request_id = request.request_id,
                                          respond = std::move(respond)](const Result<quorum::ScanPage>& page) {
    gate_.Leave();
    if (!page.ok()) return respond(ProblemResponse(ProblemOf(page.status(), /*is_write=*/false, {}), request_id));
    CHECK(!page->more || !page->entries.empty()) << "a page that is not the last has an entry to go on from";
    HttpResponse response;
    response.content_type = kJsonType;
    response.headers = "Cache-Control: no-store\r\n";
    response.body = ListJson(*page, keys_only);
    respond(std::move(response));
  });
  return [request_id = std::move(request.request_id)] {
    return ProblemResponse({Problem::kTimedOut, "there was no answer within --request_timeout", "request_timeout"},
                           request_id);
  };
}

}  // namespace quoin::net
