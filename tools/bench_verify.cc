#include "tools/bench_verify.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace quoin::bench {
namespace {

namespace lin = linearizability;

// All records, those of one key together.
std::vector<const Record*> ByKey(const std::vector<const Recorder*>& recorders) {
  std::vector<const Record*> records;
  for (const Recorder* recorder : recorders) {
    for (const Record& record : recorder->records()) records.push_back(&record);
  }
  std::sort(records.begin(), records.end(), [](const Record* one, const Record* other) {
    return std::pair(one->key, one->invoked) < std::pair(other->key, other->invoked);
  });
  return records;
}

std::string Describe(const std::string& key, const Losses& losses) {
  return "key \"" + Printable(key) + "\": " + std::to_string(losses.lost) + " acknowledged writes lost, " +
         std::to_string(losses.duplicated) + " applied twice";
}

// One key's history, into the verification.
void CheckOne(const std::string& key, const lin::History& history, const VerifyOptions& options, Verification* into) {
  const Losses losses = CountLosses(history);
  into->lost += losses.lost;
  into->duplicated += losses.duplicated;
  into->unread_keys += losses.unread ? 1 : 0;

  lin::CheckOptions check;
  check.search.max_steps = options.max_steps;
  // Only findings that are shown are worth the work.
  const bool shown = into->findings.size() < Verification::kMaxFindings;
  if (!shown) check.max_shrink_steps = 0;
  const lin::CheckReport report = lin::Check(history, check);
  into->undecided_keys += report.undecided_keys.size();
  into->violating_keys += report.violations.size();
  if (!shown) return;
  if (!report.violations.empty()) {
    into->findings.push_back(report.Text());
  } else if (losses.lost + losses.duplicated > 0) {
    into->findings.push_back(Describe(key, losses));
  }
}

}  // namespace

std::vector<KeyNumber> TouchedKeys(const std::vector<const Recorder*>& recorders) {
  std::vector<KeyNumber> keys;
  for (const Recorder* recorder : recorders) {
    for (const Record& record : recorder->records()) keys.push_back(record.key);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::vector<std::size_t> RecordCounts(const std::vector<const Recorder*>& recorders) {
  std::vector<std::size_t> counts;
  for (const Recorder* recorder : recorders) counts.push_back(recorder->records().size());
  return counts;
}

std::vector<KeyNumber> UnreadSince(const std::vector<const Recorder*>& recorders,
                                   const std::vector<std::size_t>& counts, std::vector<KeyNumber> keys) {
  std::set<KeyNumber> read;
  for (std::size_t i = 0; i < recorders.size(); ++i) {
    const std::vector<Record>& records = recorders[i]->records();
    for (std::size_t at = counts[i]; at < records.size(); ++at) {
      if (records[at].action == client::Operation::Action::kGet) read.insert(records[at].key);
    }
  }
  std::erase_if(keys, [&](const KeyNumber& key) { return read.contains(key); });
  return keys;
}

Verification Verify(const std::vector<const Recorder*>& recorders, const KeyNames& names,
                    const VerifyOptions& options) {
  Verification verification;
  for (const Recorder* recorder : recorders) verification.corrupt += recorder->corrupt();
  const std::vector<const Record*> records = ByKey(recorders);
  verification.operations = records.size();
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i == 0 || records[i]->key != records[i - 1]->key) ++verification.keys;
  }
  std::uint64_t done = 0;
  for (std::size_t begin = 0, end = 0; begin < records.size(); begin = end) {
    const std::string key = names.Name(records[begin]->key);
    lin::History history;
    for (; end < records.size() && records[end]->key == records[begin]->key; ++end) {
      history.push_back(ToEvent(*records[end], key));
    }
    CheckOne(key, history, options, &verification);
    ++done;
    if (options.go_on && !options.go_on(done, verification.keys)) {
      verification.undecided_keys += verification.keys - done;
      break;
    }
  }
  if (verification.violating_keys > 0) {
    verification.verdict = lin::Verdict::kViolation;
  } else if (verification.undecided_keys > 0) {
    verification.verdict = lin::Verdict::kUndecided;
  }
  return verification;
}

}  // namespace quoin::bench
