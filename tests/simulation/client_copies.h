// ClientCopies: all sendings of one request, and which of the answers to them a client may believe.
//
// A client may send a request again while an earlier copy may still act. Then not every answer speaks for all copies:
//   Y1  done is true, whichever copy it answers (I6: the request took effect once);
//   Y2  a negative result (absent, condition failed, rejected) is true, too: a request under the client's own id counts
//       as repeated from the first, so it was chosen before it was told;
//   Y3  an error counts when it answers the latest copy: a repeated request's error speaks for the copies before it;
//   Y4  a read changes nothing, so any of its results is true.
// Whatever is heard after an answer that counted must agree with it, or I6 or I10 is broken.
//
// Pure state; the deterministic part of a client (client.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "kv/version.h"
#include "quorum/operation.h"

namespace quoin::simulation {

class ClientCopies {
 public:
  // `write`: the request is a write that promises linearizability; one that may be lost binds nobody.
  explicit ClientCopies(bool write) : write_(write) {}

  // A copy is about to be sent; its number, from 0.
  std::size_t Send(bool repeated);
  std::size_t sent() const { return repeated_.size(); }
  bool repeated(std::size_t copy) const { return repeated_.at(copy); }

  // Whether the request may be answered with this (Y1 to Y4).
  bool Counts(std::size_t copy, const quorum::Reply& reply) const;
  // The client has taken this for the answer.
  void Settle(std::size_t copy, const quorum::Reply& reply);
  // The answer is one that any later copy must be given, too.
  bool BindsLaterCopies() const { return binds_; }

  // What is wrong with an answer, given all that was heard before; nullopt when nothing is. To be called with every
  // answer, before Settle.
  std::optional<std::string> Contradiction(std::size_t copy, const quorum::Reply& reply);

 private:
  std::optional<std::string> AgainstDone(std::size_t copy, const quorum::Reply& reply) const;

  const bool write_;
  std::vector<bool> repeated_;
  std::optional<quorum::Outcome> settled_;
  bool settled_unknown_ = false;
  bool binds_ = false;
  std::optional<kv::Version> done_;  // The version that the first done told.
};

// "done @3.07.12", "condition-failed", "unknown: the leader is gone"; for complaints and traces.
std::string Describe(const quorum::Reply& reply);

}  // namespace quoin::simulation
