#include "tools/client_event_text.h"

#include "tools/client_text.h"

namespace quoin::tools {

std::string EventText(const client::WatchEvent& event) {
  constexpr std::size_t kColumn = 9;
  std::string text(WatchEventName(event.kind));
  text.resize(kColumn, ' ');
  switch (event.kind) {
    case client::WatchEvent::Kind::kPut:
      text += SafeText(event.key, false) + " = " + ShortText(event.state ? event.state->value : "");
      break;
    case client::WatchEvent::Kind::kDeleted:
    case client::WatchEvent::Kind::kExpired:
      text += SafeText(event.key, false);
      break;
    case client::WatchEvent::Kind::kGap:
      text += event.key.empty() ? "what happened in between is not known: all that is there follows"
                                : SafeText(event.key, false) + ": what happened in between is not known";
      break;
    case client::WatchEvent::Kind::kSynced:
      text += "that was everything up to now";
      break;
  }
  if (event.skipped > 0) text += "  (" + std::to_string(event.skipped) + " skipped)";
  return text;
}

std::string EventFields(const client::WatchEvent& event) {
  std::string text(WatchEventName(event.kind));
  if (!event.key.empty()) text += "\t" + event.key;
  if (event.state) text += "\t" + event.state->value;
  return text;
}

}  // namespace quoin::tools
