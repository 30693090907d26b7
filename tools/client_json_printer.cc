// One JSON object per command and line. Lists are written as they come, so that they need no memory.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <cstdio>

#include "base/text.h"
#include "tools/client_printer.h"
#include "tools/client_text.h"
#include "tools/client_ticket.h"

namespace quoin::tools {
namespace {

// `,"name":"text"` unless the text is empty. Header bytes need not be UTF-8.
std::string Member(std::string_view name, const std::string& text) {
  if (text.empty()) return {};
  return ",\"" + std::string(name) + "\":" + JsonText(IsUtf8(text) ? text : SafeText(text, false));
}

std::string CommandName(Verb verb) {
  std::string name = InfoOf(verb).names.front();
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

// What is known of a key, without the key itself; every member begins with a comma.
std::string Known(const Entry& entry) {
  std::string text;
  if (entry.value) text += "," + JsonBytes("value", *entry.value);
  text +=
      Member("version", entry.version) + Member("content_type", entry.content_type) + Member("expires", entry.expires);
  return text;
}

class JsonPrinter : public Printer {
 public:
  explicit JsonPrinter(std::ostream& out) : out_(out) {}

  void Entries(const Command& command, const std::vector<Entry>& entries) override {
    Begin(command);
    for (const Entry& entry : entries) {
      if (!first_entry_) out_ << ",";
      first_entry_ = false;
      out_ << "{" << JsonBytes("key", entry.key);
      if (command.verb == Verb::kMultiGet) out_ << ",\"outcome\":\"" << OutcomeName(entry.exit_code) << "\"";
      out_ << Known(entry) << Member("problem", entry.problem) << "}";
    }
  }

  void Events(const Command& command, const std::vector<WatchedEvent>& events) override {
    for (const auto& [event, cursor] : events) {
      out_ << "{\"command\":\"" << CommandName(command.verb) << "\",\"event\":\"" << WatchEventName(event.kind) << "\"";
      if (!event.key.empty()) out_ << "," << JsonBytes("key", event.key);
      if (event.state) {
        out_ << Known(EntryOf({event.key, *event.state}, false));
      } else {
        out_ << Member("version", event.version);
      }
      if (event.skipped > 0) out_ << ",\"skipped\":" << event.skipped;
      out_ << Member("cursor", Base64Encode(cursor)) << "}\n";
    }
    out_.flush();
  }

  void Notice(const Command& command, const std::string& text) override {
    out_ << "{\"command\":\"" << CommandName(command.verb) << "\"" << Member("notice", text) << "}\n";
    out_.flush();
  }

  void Progress(const ClusterAction&) override {}  // The object at the end says it all.

  void Done(const Command& command, const Answer& answer) override {
    const bool list = command.verb == Verb::kMultiGet || command.verb == Verb::kScan;
    Begin(command);
    if (list) out_ << "]";
    if (!command.key.empty() && !list) out_ << "," << JsonBytes("key", command.key);
    out_ << ",\"outcome\":\"" << OutcomeName(answer.exit_code) << "\"";
    if (answer.status != 0) out_ << ",\"status\":" << answer.status;
    if (answer.entry) out_ << Known(*answer.entry);
    if (answer.size_bytes) out_ << ",\"size\":" << *answer.size_bytes;
    if (answer.created) out_ << ",\"created\":" << (*answer.created ? "true" : "false");
    if (command.verb == Verb::kScan) out_ << ",\"more\":" << (answer.more ? "true" : "false");
    if (!answer.node_status.empty()) Embed("node_status", answer.node_status);
    if (!answer.cluster_json.empty()) Embed("cluster", answer.cluster_json);
    if (!answer.ring_json.empty()) Embed("ring", answer.ring_json);
    out_ << Member("about", answer.subject) << Member("text", answer.exit_code == ExitCode::kDone ? answer.said : "");
    if (answer.action) Action(*answer.action);
    if (answer.exit_code != ExitCode::kDone) out_ << Member("problem", FailureText(command, answer));
    out_ << Member("node", answer.node) << Member("request_id", answer.request_id)
         << Member("operation_id", answer.ticket.operation_id);
    if (!answer.ticket.operation_id.empty()) out_ << Member("ticket", TicketText(answer.ticket));
    char elapsed[32];
    std::snprintf(elapsed, sizeof elapsed, "%.3f", static_cast<double>(answer.elapsed.count()) / 1000);
    out_ << ",\"elapsed_ms\":" << elapsed << "}\n";
    out_.flush();
    begun_ = false;
  }

  void Misused(const std::string& message) override {
    out_ << "{\"outcome\":\"" << OutcomeName(ExitCode::kBadUsage) << "\"" << Member("problem", message) << "}\n";
    out_.flush();
  }

  void Help(const std::string& text) override {
    out_ << "{\"command\":\"help\",\"outcome\":\"done\"" << Member("text", text) << "}\n";
    out_.flush();
  }

 private:
  void Begin(const Command& command) {
    if (begun_) return;
    begun_ = true;
    first_entry_ = true;
    out_ << "{\"command\":\"" << CommandName(command.verb) << "\"";
    if (command.verb == Verb::kMultiGet || command.verb == Verb::kScan) out_ << ",\"entries\":[";
  }

  // Written anew, so that it is one line and certainly JSON.
  void Embed(std::string_view name, const std::string& text) {
    boost::json::error_code error;
    const boost::json::value value = boost::json::parse(text, error);
    if (!error) out_ << ",\"" << name << "\":" << boost::json::serialize(value);
  }

  void Action(const ClusterAction& action) {
    out_ << ",\"action\":{\"state\":" << JsonText(SafeText(action.state, false)) << Member("action", action.action)
         << Member("with", action.with)
         << ",\"partitions\":" << Pair("done", action.partitions_done, action.partitions_total)
         << ",\"keys\":" << Pair("copied", action.keys_copied, action.keys_total)
         << ",\"bytes\":" << Pair("copied", action.bytes_copied, action.bytes_total) << "}";
  }
  static std::string Pair(const std::string& name, std::uint64_t part, std::uint64_t total) {
    return "{\"" + name + "\":" + std::to_string(part) + ",\"total\":" + std::to_string(total) + "}";
  }

  std::ostream& out_;
  bool begun_ = false;  // The current command's object is open.
  bool first_entry_ = true;
};

}  // namespace

std::unique_ptr<Printer> MakeJsonPrinter(std::ostream& out) { return std::make_unique<JsonPrinter>(out); }

}  // namespace quoin::tools
