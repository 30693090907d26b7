#include "quorum/canary.h"

#include <array>
#include <cstddef>

namespace quoin::quorum {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Canary::kCount)> kNames = {
    "",
    "answer-before-durable",
    "forget-promise-at-restart",
    "lower-promise",
    "skip-quorum-read-on-first-touch",
    "skip-reproposing-after-takeover",
    "count-accept-below-promise",
    "barrier-before-the-read",
    "read-with-accept-in-flight",
    "reuse-sequence",
    "early-purge",
    "install-without-comparison",
    "drop-operation-ids-at-takeover",
    "retry-applied-twice",
    "unknown-reported-as-failed",
    "wrong-majority-in-joint",
    "skip-joint",
    "stable-before-full",
    "obey-old-configuration",
    "expired-read-without-tombstone",
    "wiped-disk-keeps-its-id",
    "read-without-admitted",
    "blind-write-after-restart",
    "read-newest-not-captured",
    "ownership-from-read-quorum",
    "install-keeps-promise",
    "ballot-before-own-promise",
    "pipelined-topology-writes",
    "adopt-ring-from-accept",
    "equal-from-earlier-configuration",
    "returning-replica-keeps-records",
    "negative-answer-not-written",
    "tombstone-floor-forgotten",
    "nack-ends-nothing",
    "damaged-as-missing",
    "leaderless-read-from-one",
    "resume-ballot-after-restart",
    "list-from-one",
    "list-beyond-examined",
    "list-drops-unsettled",
    "list-shows-expired",
    "list-of-any-configuration",
    "feed-before-chosen",
    "feed-before-complete",
    "no-catch-up-after-break",
};

}  // namespace

const char* CanaryName(Canary canary) {
  return canary < Canary::kCount ? kNames[static_cast<std::size_t>(canary)] : "";
}

#ifdef QUOIN_CANARIES
Canary canary_on = Canary::kNone;
#endif

}  // namespace quoin::quorum
