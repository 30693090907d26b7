#include "tools/client_ring_picture.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numbers>
#include <vector>

#include "tools/client_cluster_text.h"
#include "tools/client_text.h"

namespace quoin::tools {
namespace {

// The ring's shape, in rows; a column is about half as wide as a row is high.
constexpr int kRadius = 7;
constexpr double kInner = 5.3, kOuter = 7.4;
constexpr std::size_t kRingColumns = 4 * kRadius + 1;
constexpr std::size_t kGap = 3;
constexpr std::size_t kBar = 20;
// Narrower than this the nodes stand below the ring, and not behind it.
constexpr std::size_t kLegendColumns = 60;

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr char kOther = '*';  // One of more nodes than there are letters.
constexpr int kColors[] = {36, 33, 32, 35, 34, 31};

// A line, and what it takes on the screen.
struct Line {
  std::string text;
  std::size_t columns = 0;
};

class Painter {
 public:
  Painter(const ClusterStatus& status, const Ring& ring, bool color) : status_(status), ring_(ring), color_(color) {
    for (std::size_t i = 0; i < status.nodes.size(); ++i) numbers_[status.nodes[i].id] = i;
  }

  std::vector<Line> Circle() const {
    std::vector<std::string> middle = {std::to_string(ring_.partitions.size()) + " partitions",
                                       "up to " + std::to_string(status_.replication_factor) + " replicas",
                                       "epoch " + std::to_string(ring_.epoch)};
    std::vector<Line> lines;
    for (int row = -kRadius; row <= kRadius; ++row) {
      Line line{.columns = kRingColumns};
      const int at = row + 1;  // Which line of the middle stands here.
      const bool written = at >= 0 && at < static_cast<int>(middle.size());
      const std::string words = written ? middle[static_cast<std::size_t>(at)] : "";
      const int begin = -static_cast<int>(words.size()) / 2;
      for (int column = -2 * kRadius; column <= 2 * kRadius; ++column) {
        const double x = column / 2.0, radius = std::hypot(x, row);
        if (radius >= kInner && radius <= kOuter) {
          line.text += Mark(std::atan2(x, -row));
        } else {
          const int letter = column - begin;
          const bool word = letter >= 0 && letter < static_cast<int>(words.size());
          line.text += word ? words[static_cast<std::size_t>(letter)] : ' ';
        }
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

  std::vector<Line> Legend(std::size_t width) const {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < status_.nodes.size(); ++i) {
      const ClusterNode& node = status_.nodes[i];
      std::string state = SafeText(node.state, false);
      if (!node.heard) state += ", not heard";
      lines.push_back(
          Cut(i, " " + SafeText(node.id, false) + "  " + SafeText(node.client_address, false) + "  " + state, width));
      std::string shares = "  [" + Bar(node) + "] leads " + Share(node.leads) + ", holds " + Share(node.replicas);
      if (node.incoming > 0) shares += ", +" + std::to_string(node.incoming) + " coming";
      lines.push_back(Cut(std::nullopt, shares, width));
    }
    return lines;
  }

 private:
  std::string Colored(std::size_t number, char letter) const {
    if (!color_) return {letter};
    return "\x1b[" + std::to_string(kColors[number % std::size(kColors)]) + "m" + letter + "\x1b[0m";
  }
  static char LetterOf(std::size_t number) { return number < kLetters.size() ? kLetters[number] : kOther; }

  // The mark at an angle from the top, clockwise.
  std::string Mark(double angle) const {
    if (ring_.partitions.empty()) return " ";
    const double turn = angle / (2 * std::numbers::pi) + (angle < 0 ? 1 : 0);
    const auto at = static_cast<std::size_t>(turn * static_cast<double>(ring_.partitions.size()));
    const RingPartition& partition = ring_.partitions[std::min(at, ring_.partitions.size() - 1)];
    const auto number = numbers_.find(partition.leader);
    if (number == numbers_.end()) return "?";
    const char letter = LetterOf(number->second);
    return Colored(number->second,
                   partition.moving ? static_cast<char>(std::tolower(static_cast<unsigned char>(letter))) : letter);
  }

  std::string Share(std::uint64_t count) const {
    const auto total = static_cast<double>(ring_.partitions.size());
    const auto percent = total > 0 ? std::llround(100 * static_cast<double>(count) / total) : 0;
    return std::to_string(count) + " (" + std::to_string(percent) + "%)";
  }

  std::string Bar(const ClusterNode& node) const {
    const auto part = [&](std::uint64_t count) {
      const double total = std::max<double>(static_cast<double>(ring_.partitions.size()), 1);
      return static_cast<std::size_t>(
          std::clamp(std::round(kBar * static_cast<double>(count) / total), 0.0, 1.0 * kBar));
    };
    const std::size_t led = part(node.leads), held = std::max(part(node.replicas), led);
    return std::string(led, '#') + std::string(held - led, '=') + std::string(kBar - held, '.');
  }

  // The text, cut, behind the letter of the node of that number.
  Line Cut(std::optional<std::size_t> number, const std::string& text, std::size_t width) const {
    std::size_t end = std::min(text.size(), width - std::min<std::size_t>(width, 1));
    // Never half a character.
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    const std::string kept = text.substr(0, end);
    return {(number ? Colored(*number, LetterOf(*number)) : " ") + kept, kept.size() + 1};
  }

  const ClusterStatus& status_;
  const Ring& ring_;
  const bool color_;
  std::map<std::string, std::size_t> numbers_;
};

void Append(const std::vector<Line>& lines, std::string* text) {
  for (const Line& line : lines) *text += line.text.substr(0, line.text.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

std::string RingPicture(const ClusterStatus& status, const Ring& ring, std::size_t width, bool color) {
  const Painter painter(status, ring, color);
  std::string text;
  std::vector<Line> circle = width >= kRingColumns ? painter.Circle() : std::vector<Line>();
  if (width >= kRingColumns + kGap + kLegendColumns) {
    const std::vector<Line> legend = painter.Legend(width - kRingColumns - kGap);
    // In the middle of the ring's height, or from its top and on below it.
    const std::size_t above = legend.size() < circle.size() ? (circle.size() - legend.size()) / 2 : 0;
    circle.resize(std::max(circle.size(), legend.size()), {std::string(kRingColumns, ' '), kRingColumns});
    for (std::size_t i = 0; i < legend.size(); ++i) {
      circle[above + i].text += std::string(kGap, ' ') + legend[i].text;
    }
    Append(circle, &text);
  } else {
    Append(circle, &text);
    Append(painter.Legend(width), &text);
  }
  for (const ClusterAction& action : status.actions) {
    if (action.state == "running") text += ActionText(action).substr(0, width) + "\n";
  }
  return text;
}

}  // namespace quoin::tools
