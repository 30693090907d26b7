#include "tests/linearizability/values.h"

#include "base/text.h"

namespace quoin::linearizability {

ValueId Values::Of(std::string_view bytes) {
  const auto [found, added] = ids_.try_emplace(std::string(bytes), static_cast<ValueId>(entries_.size()));
  if (added) entries_.push_back({&found->first, ParseInt64(found->first)});
  return found->second;
}

ValueId Values::OfNumber(std::int64_t number) {
  const auto found = numbers_.find(number);
  if (found != numbers_.end()) return found->second;
  return numbers_[number] = Of(std::to_string(number));
}

ValueId Values::Appended(ValueId value, ValueId bytes) {
  const auto [found, added] = appended_.try_emplace({value, bytes}, 0);
  if (added) found->second = Of(Bytes(value) + Bytes(bytes));
  return found->second;
}

}  // namespace quoin::linearizability
