// Table: rows of text, printed as a Markdown table whose columns line up.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace quoin::figures {

class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}

  // REQUIRES: as many cells as the header has.
  void Add(std::vector<std::string> cells);
  friend std::ostream& operator<<(std::ostream& out, const Table& table);

 private:
  std::vector<std::vector<std::string>> rows_;  // The first is the header.
};

// With so many digits after the point.
std::string Decimal(double value, int digits);

}  // namespace quoin::figures
