#include "tests/figures/table.h"

#include <glog/logging.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace quoin::figures {

void Table::Add(std::vector<std::string> cells) {
  CHECK_EQ(cells.size(), rows_.front().size());
  rows_.push_back(std::move(cells));
}

std::ostream& operator<<(std::ostream& out, const Table& table) {
  std::vector<std::size_t> widths(table.rows_.front().size(), 3);
  for (const auto& row : table.rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (std::size_t r = 0; r < table.rows_.size(); ++r) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string& cell = table.rows_[r][i];
      out << "| " << cell << std::string(widths[i] - cell.size() + 1, ' ');
    }
    out << "|\n";
    if (r > 0) continue;
    for (const std::size_t width : widths) out << "|" << std::string(width + 2, '-');
    out << "|\n";
  }
  return out;
}

std::string Decimal(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", digits, value);
  return text;
}

}  // namespace quoin::figures
