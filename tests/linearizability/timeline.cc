#include "tests/linearizability/timeline.h"

#include <algorithm>
#include <map>
#include <vector>

#include "tests/linearizability/history_text.h"

namespace quoin::linearizability {
namespace {

constexpr std::size_t kMaxBarColumns = 72;

// The column of each moment: in order, ends after beginnings of the same moment.
class Columns {
 public:
  explicit Columns(const std::vector<const Event*>& events) {
    for (const Event* event : events) {
      columns_[{event->invoked, 0}];
      if (IsKnown(*event)) columns_[{*event->completed, 1}];
    }
    const std::size_t count = columns_.size();
    // Two columns per moment are easier to read, if they fit.
    const std::size_t wide = 2 * count <= kMaxBarColumns ? 2 : 1;
    std::size_t at = 0;
    for (auto& [moment, column] : columns_) {
      column = count <= kMaxBarColumns ? wide * at : at * (kMaxBarColumns - 1) / (count - 1);
      ++at;
      width_ = column + 2;
    }
  }

  std::size_t width() const { return width_; }

  std::string Bar(const Event& event) const {
    const std::size_t begin = columns_.at({event.invoked, 0});
    std::string bar(width_, ' ');
    if (IsKnown(event)) {
      const std::size_t end = std::max(begin + 1, columns_.at({*event.completed, 1}));
      std::fill(bar.begin() + static_cast<std::ptrdiff_t>(begin), bar.begin() + static_cast<std::ptrdiff_t>(end), '=');
      bar[end] = ']';
    } else {
      std::fill(bar.begin() + static_cast<std::ptrdiff_t>(begin), bar.end() - 1, '.');
      bar.back() = '>';
    }
    bar[begin] = '[';
    return bar;
  }

 private:
  std::map<std::pair<Time, int>, std::size_t> columns_;
  std::size_t width_ = 0;
};

}  // namespace

std::string Timeline(const History& history, std::size_t max_lines) {
  std::vector<const Event*> events;
  for (const Event& event : history) events.push_back(&event);
  const auto order = [](const Event* a, const Event* b) {
    return std::make_tuple(a->client, a->invoked) < std::make_tuple(b->client, b->invoked);
  };
  std::stable_sort(events.begin(), events.end(), order);
  const std::size_t hidden = events.size() - std::min(events.size(), max_lines);
  events.resize(events.size() - hidden);
  const Columns columns(events);
  std::string text;
  for (const Event* event : events) {
    const std::string client = "client " + std::to_string(event->client);
    text += "  " + client + std::string(client.size() < 11 ? 11 - client.size() : 1, ' ') + columns.Bar(*event) + "  " +
            EventText(*event) + "\n";
  }
  if (hidden > 0) text += "  and " + std::to_string(hidden) + " more\n";
  return text;
}

}  // namespace quoin::linearizability
