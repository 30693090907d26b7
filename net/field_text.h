// Text in the fields of an HTTP head: blanks around it, and lists (RFC 9110, sections 5.6.1 and 5.6.3).
//
// Pure functions; any thread.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace quoin::net {

// Without spaces and tabs before and behind it.
inline std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before the first separator off the list, and the separator with it; trimmed, and perhaps empty.
inline std::string_view TakeItem(std::string_view* list, char separator = ',') {
  const std::string_view item = list->substr(0, list->find(separator));
  list->remove_prefix(std::min(item.size() + 1, list->size()));
  return Trim(item);
}

// All items of a list that a person wrote, the empty one behind a last comma among them; trimmed. At least one.
inline std::vector<std::string_view> ItemsOf(std::string_view list) {
  std::vector<std::string_view> items;
  for (bool more = true; more;) {
    more = list.find(',') != std::string_view::npos;
    items.push_back(TakeItem(&list));
  }
  return items;
}

}  // namespace quoin::net
