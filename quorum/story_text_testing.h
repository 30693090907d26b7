// How ballots, messages and answers read in the stories of testdata/*.txt.
#pragma once

#include <string>

#include "kv/record.h"
#include "kv/version.h"
#include "quorum/messages.h"
#include "quorum/operation.h"
#include "ring/configuration.h"

namespace quoin::quorum {

// "2.1" is node 1's ballot of the second round, "2.1.7" its seventh proposal.
std::string Short(const kv::Ballot& ballot);
std::string Short(const kv::Version& version);
kv::Ballot ParseBallot(const std::string& text);
// "1,2,3", with majorities.
ring::ReplicaSet ParseSet(const std::string& text);

// "Alice @2.1.7"
std::string Show(const kv::RecordPtr& record);
std::string Show(const Reply& reply);
// What the message says, without its kind.
std::string Show(const Message& message);

}  // namespace quoin::quorum
