// Pages of keys: a client asks for one, and its history takes what the page says, and doesn't say, of every key in its
// range, each as a read of its own.
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "tests/simulation/client.h"

namespace quoin::simulation {
namespace {

std::string Describe(const quorum::ScanRequest& scan) {
  std::ostringstream text;
  text << "a scan of '" << scan.prefix << "'";
  if (scan.after) text << " after " << *scan.after;
  text << ", limit " << scan.limit << ", " << scan.max_bytes << " bytes";
  return text.str();
}

}  // namespace

void Client::BeginScan() {
  ++under_way_;
  ++with_.findings.counts["scans"];
  auto scanned = std::make_shared<Scanned>();
  scanned->scan = with_.workload.DrawScan();
  if (liveness_bound_) {
    scanned->must_succeed_by = with_.port.now() + *liveness_bound_;
    with_.port.After(*liveness_bound_, [this, scanned] {
      if (scanned->ended) return;
      with_.findings.complaints.push_back("I9: it had not succeeded in time, its last answer was " +
                                          scanned->last_answer + ": " + Describe(scanned->scan));
      EndScan(scanned);
    });
  }
  SendScan(scanned);
}

void Client::SendScan(const ScannedPtr& scanned) {
  if (!scanned->must_succeed_by && scanned->attempts >= plan().max_copies) {
    ++with_.findings.counts["scans given up"];
    return EndScan(scanned);
  }
  const std::size_t attempt = ++scanned->attempts;
  const ring::Duration timeout = scanned->must_succeed_by ? *liveness_bound_ / 4 : plan().copy_timeout;
  with_.port.After(timeout, [this, scanned, attempt] {
    if (!scanned->ended && scanned->attempts == attempt) SendScan(scanned);
  });
  const auto node = PickNode({});
  if (!node) return;
  with_.port.Scan(*node, scanned->scan, [this, scanned, sent = with_.port.now()](const Result<quorum::ScanPage>& page) {
    OnScanned(scanned, sent, page);
  });
}

void Client::OnScanned(const ScannedPtr& scanned, ring::MonotonicTime sent, const Result<quorum::ScanPage>& page) {
  // A late page is as true as any.
  if (page.ok()) {
    CheckPage(scanned->scan, *page);
    RecordPage(scanned->scan, *page, sent);
    ++with_.findings.counts["pages"];
  }
  if (scanned->ended) return;
  if (page.ok()) return EndScan(scanned);
  scanned->last_answer = page.status().ToString();
  ++with_.findings.counts[scanned->must_succeed_by ? "liveness errors" : "scans refused"];
  with_.port.After(plan().copy_timeout / 4, [this, scanned, attempt = scanned->attempts] {
    if (!scanned->ended && scanned->attempts == attempt) SendScan(scanned);
  });
}

void Client::EndScan(const ScannedPtr& scanned) {
  scanned->ended = true;
  --under_way_;
  Think();
}

void Client::CheckPage(const quorum::ScanRequest& scan, const quorum::ScanPage& page) {
  const auto complain = [&](const std::string& what) {
    with_.findings.complaints.push_back("I5: a page " + what + ": " + Describe(scan));
  };
  if (page.entries.size() > scan.limit) complain("has more entries than its limit");
  if (page.more && page.entries.empty()) complain("without entries says that there is more");
  const std::string* last = scan.after ? &*scan.after : nullptr;
  std::size_t size_bytes = 0;
  for (const quorum::ScanEntry& entry : page.entries) {
    if (!entry.key.starts_with(scan.prefix)) complain("holds " + entry.key + ", without the prefix");
    if (last != nullptr && entry.key <= *last) complain("holds " + entry.key + " after " + *last);
    last = &entry.key;
    if (entry.record == nullptr || entry.record->tombstone) complain("holds " + entry.key + ", which is deleted");
    if (entry.record == nullptr) continue;
    size_bytes += entry.key.size() + entry.record->value.size();
    const bool possible =
        scan.keys_only ? entry.record->value.empty() : with_.values.IsPossible(entry.key, entry.record->value);
    if (!possible) complain("tells a value of " + entry.key + " that nobody can have written");
  }
  if (page.entries.size() > 1 && size_bytes > scan.max_bytes) complain("is larger than was asked for");
}

void Client::RecordPage(const quorum::ScanRequest& scan, const quorum::ScanPage& page, ring::MonotonicTime sent) {
  std::map<std::string, kv::RecordPtr> told;
  for (const quorum::ScanEntry& entry : page.entries) told.emplace(entry.key, entry.record);
  for (const std::string& key : with_.workload.keys()) {
    if (!key.starts_with(scan.prefix) || (scan.after && key <= *scan.after)) continue;
    if (page.more && key > page.entries.back().key) continue;
    const auto found = told.find(key);
    with_.history.AddPaged(id_, key, found == told.end() ? nullptr : found->second, !scan.keys_only, sent,
                           with_.port.now());
  }
}

}  // namespace quoin::simulation
