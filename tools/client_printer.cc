#include "tools/client_printer.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "tools/client_cluster_text.h"
#include "tools/client_event_text.h"
#include "tools/client_ring_picture.h"
#include "tools/client_text.h"
#include "tools/client_ticket.h"

namespace quoin::tools {
namespace {

constexpr std::size_t kShownBinaryBytes = 512;

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

class PlainPrinter : public Printer {
 public:
  PlainPrinter(const Style& style, std::ostream& out, std::ostream& err) : style_(style), out_(out), err_(err) {}

  void Entries(const Command& command, const std::vector<Entry>& entries) override {
    for (const Entry& entry : entries) {
      if (entry.exit_code != ExitCode::kDone) {
        ShowMissing(entry);
      } else if (human()) {
        out_ << SafeText(entry.key, false);
        if (entry.value)
          out_ << Dim(" = ") << (command.verb == Verb::kScan ? ShortText(*entry.value) : Shown(*entry.value));
        out_ << "\n";
      } else if (command.verb == Verb::kScan) {
        out_ << Bare(entry.key);
        if (entry.value) out_ << "\t" << Bare(*entry.value);
        out_ << "\n";
      } else {
        out_ << Bare(entry.value.value_or("")) << "\n";
      }
    }
    out_.flush();
  }

  void Events(const Command&, const std::vector<WatchedEvent>& events) override {
    for (const WatchedEvent& watched : events) {
      const client::WatchEvent& event = watched.event;
      if (human()) {
        out_ << EventText(event);
        if (!event.version.empty() && !style_.quiet) out_ << Dim("  (" + SafeText(event.version, false) + ")");
      } else {
        out_ << Bare(EventFields(event));
      }
      out_ << "\n";
    }
    out_.flush();
  }

  void Notice(const Command&, const std::string& text) override {
    if (style_.quiet) return;
    out_.flush();
    err_ << SafeText(text, false) << std::endl;
  }

  // A line that the next one, or the end, is written over.
  void Progress(const ClusterAction& action) override {
    if (!human() || !style_.terminal || style_.quiet) return;
    std::string line = ProgressLine(action, Columns() - 1);
    const std::size_t columns = line.size();
    if (columns < progress_columns_) line.append(progress_columns_ - columns, ' ');
    progress_columns_ = columns;
    out_ << "\r" << line << std::flush;
  }

  void Done(const Command& command, const Answer& answer) override {
    if (progress_columns_ > 0) out_ << "\r" << std::string(progress_columns_, ' ') << "\r";
    progress_columns_ = 0;
    if (answer.exit_code == ExitCode::kDone) {
      Succeeded(command, answer);
    } else if (command.verb != Verb::kMultiGet || answer.shown < command.keys.size()) {
      // What MGET did not find it has told key by key.
      Failed(command, answer);
    }
    out_.flush();
  }

  void Misused(const std::string& message) override { Tell(ExitCode::kBadUsage, SafeText(message, false)); }

  void Help(const std::string& text) override {
    out_ << text;
    out_.flush();
  }

 private:
  // At least as many as make sense.
  std::size_t Columns() const { return std::max<std::size_t>(style_.columns ? style_.columns() : 80, 20); }
  bool human() const { return style_.format == Format::kHuman; }

  std::string Colored(std::string_view color, std::string_view text) const {
    if (!style_.color) return std::string(text);
    return std::string(color) + std::string(text) + std::string(kPlain);
  }
  std::string Dim(std::string_view text) const { return Colored(kDim, text); }

  // For pipes: the bytes; but not those that a terminal would obey, where one is looking.
  std::string Bare(const std::string& bytes) const {
    return style_.terminal && style_.format != Format::kRaw ? SafeText(bytes, true) : bytes;
  }

  // A whole value for a person.
  std::string Shown(const std::string& value) const {
    if (value.empty()) return Dim("(empty)");
    if (IsText(value)) return SafeText(value, true);
    std::string text = Dim("(binary, " + HumanSize(value.size()) + ") ");
    text += SafeText(std::string_view(value).substr(0, kShownBinaryBytes), false);
    return value.size() > kShownBinaryBytes ? text + "..." : text;
  }

  // " on node 00c0ffee00c0ffee (3 ms)"
  std::string Where(const Answer& answer) const {
    return " on node " + SafeText(answer.node, false) + " (" + HumanElapsed(answer.elapsed) + ")";
  }

  void Tell(ExitCode code, const std::string& text) {
    out_.flush();
    if (human()) {
      const std::string tag = "[" + std::string(TagOf(code)) + "]";
      err_ << (style_.color_errors ? std::string(ColorOf(code)) + tag + std::string(kPlain) : tag) << " " << text
           << "\n";
    } else {
      err_ << OutcomeName(code) << ": " << text << "\n";
    }
    err_.flush();
  }

  void Confirm(const std::string& text) {
    if (human() && !style_.quiet) out_ << Colored(ColorOf(ExitCode::kDone), "[OK]") << " " << text << "\n";
  }

  void ShowMissing(const Entry& entry) {
    if (entry.exit_code != ExitCode::kAbsent) {
      Tell(entry.exit_code, QuotedKey(entry.key) + " was not read: " + SafeText(entry.problem, false));
    } else if (human()) {
      out_ << SafeText(entry.key, false) << Dim(" (absent)") << "\n";
    } else if (!style_.quiet) {
      Tell(ExitCode::kAbsent, QuotedKey(entry.key) + " is not there");
    }
  }

  void Failed(const Command& command, const Answer& answer) {
    if (answer.exit_code == ExitCode::kAbsent && style_.quiet) return;
    std::string text = FailureText(command, answer);
    if (human()) {
      if (!answer.node.empty()) {
        text += " (node " + SafeText(answer.node, false) + ", " + HumanElapsed(answer.elapsed) + ")";
      }
      if (!answer.reached) {
        text += "\n  Is a node running there? `bazel run //tools:node` starts one; --server names another.";
      }
    }
    if (IsWrite(command.verb) && answer.exit_code == ExitCode::kUnknown) {
      if (human()) text += "\n  GET shows what is there now.";
      if (const std::string next = ResumeText(answer, style_.session); !next.empty())
        text += (human() ? " " : "; ") + next;
    }
    Tell(answer.exit_code, text);
  }

  void Succeeded(const Command& command, const Answer& answer) {
    const std::string key = QuotedKey(command.key);
    switch (command.verb) {
      case Verb::kSet:
      case Verb::kCompareAndSet:
        return Confirm("Stored " + key + Where(answer));
      case Verb::kDelete:
        return Confirm("Deleted " + key + Where(answer));
      case Verb::kAppend:
        return Confirm("Appended to " + key + Where(answer));
      case Verb::kExpire: {
        const bool bare = command.ttl->find_first_not_of("0123456789.") == std::string::npos;
        return Confirm(key + " expires in " + *command.ttl + (bare ? " seconds," : ",") + Where(answer));
      }
      case Verb::kPersist:
        return Confirm(key + " no longer expires," + Where(answer));
      case Verb::kIncrement:
        return ShowSum(key, answer);
      case Verb::kGet:
        return command.metadata_only ? ShowMetadata(answer) : ShowValue(answer);
      case Verb::kScan:
        return ShowCount(command, answer);
      case Verb::kStatus:
        return ShowStatus(answer);
      case Verb::kNodes:
        out_ << (human() ? NodesTable(*answer.cluster) : NodesLines(*answer.cluster));
        return;
      case Verb::kRing:
        out_ << (human() ? RingPicture(*answer.cluster, *answer.ring, Columns(), style_.color)
                         : RingLines(*answer.ring));
        return;
      case Verb::kDrain:
      case Verb::kRemoveNode:
      case Verb::kReplace:
      case Verb::kCancel:
        return Confirm(SafeText(answer.said, false) + " (" + HumanElapsed(answer.elapsed) + ")");
      case Verb::kMultiGet:
      case Verb::kWatch:
      case Verb::kResume:
      case Verb::kHelp:
      case Verb::kExit:
        return;
    }
  }

  void ShowSum(const std::string& key, const Answer& answer) {
    const std::string sum = answer.entry->value.value_or("");
    if (human() && !style_.quiet) return Confirm(key + " is now " + SafeText(sum, false) + Where(answer));
    ShowBare(sum);
  }

  void ShowBare(const std::string& value) {
    out_ << Bare(value);
    if (style_.format != Format::kRaw) out_ << "\n";
  }

  void ShowValue(const Answer& answer) {
    const Entry& entry = *answer.entry;
    if (!human()) return ShowBare(*entry.value);
    const std::string shown = Shown(*entry.value);
    out_ << shown << (shown.ends_with('\n') ? "" : "\n");
    if (style_.quiet) return;
    out_ << Dim("node " + SafeText(answer.node, false) + ", version " + SafeText(entry.version, false) + ", " +
                SafeText(entry.content_type, false) + ", " +
                (entry.expires.empty() ? "never expires" : "expires " + SafeText(entry.expires, false)) + " (" +
                HumanElapsed(answer.elapsed) + ")")
         << "\n";
  }

  void ShowMetadata(const Answer& answer) {
    const Entry& entry = *answer.entry;
    Row("version", entry.version);
    Row("type", entry.content_type);
    if (answer.size_bytes) Row("size", std::to_string(*answer.size_bytes) + (human() ? " bytes" : ""));
    Row("expires", entry.expires.empty() ? "never" : entry.expires);
    if (human()) Row("node", answer.node);
  }

  void Row(std::string_view name, const std::string& text) {
    if (human()) {
      std::string padded(name);
      padded.resize(std::max<std::size_t>(padded.size() + 1, 16), ' ');
      out_ << Dim(padded) << SafeText(text, false) << "\n";
    } else {
      out_ << name << "\t" << SafeText(text, false) << "\n";
    }
  }

  void ShowCount(const Command& command, const Answer& answer) {
    std::string text = std::to_string(answer.shown) + (answer.shown == 1 ? " key" : " keys");
    if (answer.more && command.limit)
      text += ", and there are more (LIMIT " + std::to_string(*command.limit * 10) + ")";
    Confirm(text + "," + Where(answer));
  }

  void ShowStatus(const Answer& answer) {
    boost::json::error_code error;
    const boost::json::value status = boost::json::parse(answer.node_status, error);
    if (error || !status.is_object()) return ShowBare(answer.node_status);
    for (const auto& [name, value] : status.as_object()) {
      const bool text = value.is_string();
      Row(SafeText(std::string_view(name.data(), name.size()), false),
          text ? std::string(value.as_string().c_str(), value.as_string().size()) : boost::json::serialize(value));
    }
    if (answer.cluster) Row("members", ClusterSummary(*answer.cluster));
    if (human() && !style_.quiet) out_ << Dim("(" + HumanElapsed(answer.elapsed) + ")") << "\n";
  }

  const Style style_;
  std::ostream& out_;
  std::ostream& err_;
  std::size_t progress_columns_ = 0;  // Of the line that the next one is written over.
};

}  // namespace

std::unique_ptr<Printer> MakePrinter(const Style& style, std::ostream& out, std::ostream& err) {
  if (style.format == Format::kJson) return MakeJsonPrinter(out);
  return std::make_unique<PlainPrinter>(style, out, err);
}

}  // namespace quoin::tools
