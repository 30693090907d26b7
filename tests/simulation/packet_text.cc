#include "tests/simulation/packet_text.h"

#include <string>
#include <variant>

#include "base/text.h"

namespace quoin::simulation {
namespace {

using namespace quorum;  // NOLINT: nearly every line names its messages.

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

constexpr std::size_t kBodies = std::variant_size_v<PacketBody>;

void WriteContent(const Content& content, std::ostream& out) {
  switch (content.kind) {
    case Content::Kind::kRecord:
      out << " @" << content.record->accepted << (content.record->tombstone ? " tombstone" : "");
      break;
    case Content::Kind::kAbsent:
      out << " absent, floor " << content.floor;
      break;
    case Content::Kind::kDamaged:
      out << " damaged";
      break;
  }
}

void WriteRecord(const kv::RecordPtr& record, std::ostream& out) {
  out << " @" << record->accepted;
  if (record->changed != record->accepted) out << " changed @" << record->changed;
  if (record->tombstone) {
    out << " tombstone";
  } else {
    out << " '" << Printable(record->value, 40) << "'";
  }
}

void WriteMessage(const Message& message, std::ostream& out) {
  std::visit(
      Overloaded{
          [&](const Prepare& m) {
            out << " v" << m.configuration << " ballot " << m.ballot;
            if (m.key) out << " key " << Printable(*m.key);
          },
          [&](const Accept& m) {
            out << " v" << m.configuration << " " << Printable(m.key);
            WriteRecord(m.record, out);
          },
          [&](const Install& m) {
            out << " v" << m.configuration << " " << Printable(m.key);
            WriteRecord(m.record, out);
          },
          [&](const Barrier& m) { out << " v" << m.configuration << " " << m.ballot << " #" << m.nonce; },
          [&](const Read& m) {
            out << " v" << m.configuration << " " << Printable(m.key) << " #" << m.nonce;
            if (m.ballot) out << " ballot " << *m.ballot;
          },
          [&](const Held& m) {
            out << " " << Printable(m.key) << " #" << m.nonce;
            if (m.ballot) out << " ballot " << *m.ballot;
            WriteContent(m.content, out);
          },
          [&](const Promise& m) {
            out << " ballot " << m.ballot;
            if (m.previous) out << " previous " << *m.previous;
            if (m.held) WriteContent(m.held->content, out);
          },
          [&](const Accepted& m) { out << " " << Printable(m.key) << " @" << m.version; },
          [&](const Installed& m) { out << " " << Printable(m.key) << " @" << m.version; },
          [&](const BarrierOk& m) { out << " " << m.ballot << " #" << m.nonce; },
          [&](const Nack& m) { out << " ballot " << m.ballot << " promised " << m.promised; },
          [&](const Damaged& m) { out << " " << Printable(m.key) << " @" << m.version << " above " << m.bound; },
          [&](const Refused& m) { out << " " << Printable(m.key) << " @" << m.version << ": " << CodeName(m.code); },
          [&](const OtherConfiguration& m) { out << " mine v" << m.mine << " yours v" << m.yours; },
          [&](const Compare& m) {
            out << " v" << m.configuration << " " << m.ballot << " #" << m.nonce << " from '" << Printable(m.from)
                << "' floor " << m.floor << (m.list ? " list" : "");
          },
          [&](const Compared& m) {
            out << " " << m.ballot << " #" << m.nonce << (m.equal ? " equal" : " different") << " entries "
                << m.entries.size() << (m.tombstones ? " tombstones" : "") << " floor " << m.floor;
          },
          [&](const Purge& m) { out << " v" << m.configuration << " " << m.ballot << " floor " << m.floor; },
          [&](const Purged& m) { out << " " << m.ballot << " floor " << m.floor; },
          [&](const HandOver& m) { out << " " << m.ballot; },
      },
      message);
}

}  // namespace

void WriteReply(const Reply& reply, std::ostream& out) {
  static constexpr std::string_view kNames[] = {"done", "absent", "condition-failed", "rejected", "error"};
  out << kNames[static_cast<std::size_t>(reply.outcome)];
  if (!reply.status.ok()) out << " " << reply.status;
  if (reply.record != nullptr) WriteRecord(reply.record, out);
}

void WriteRequest(const Request& request, std::ostream& out) {
  static constexpr std::string_view kNames[] = {"get", "put", "delete", "increment", "append", "set-deadline", "swap"};
  out << request.id.client << "." << request.id.number << " " << kNames[request.operation.index()] << " "
      << Printable(request.key);
  if (!request.conditions.empty()) out << " conditional";
  if (request.consistency != Consistency::kQuorum) out << (request.consistency == Consistency::kOne ? " one" : " all");
}

void WriteRing(const std::string& name, const ring::Topology* before, const ring::Topology& after, std::ostream& out) {
  out << name << " knows epoch " << after.epoch << ":";
  for (const auto& [node, member] : after.members) {
    const auto known = before == nullptr ? after.members.end() : before->members.find(node);
    if (before != nullptr && known != before->members.end() && known->second == member) continue;
    out << " " << node << " " << ring::MemberStateName(member.state) << ";";
  }
  if (before == nullptr || before->system != after.system) out << " system " << after.system;
  for (std::uint32_t p = 0; p < after.partition_count(); ++p) {
    if (before != nullptr && before->partitions[p] == after.partitions[p]) continue;
    out << " p" << p << " " << after.partitions[p] << ";";
  }
}

void WriteScan(const ScanRequest& scan, std::ostream& out) {
  out << "'" << Printable(scan.prefix) << "'";
  if (scan.after) out << " after " << Printable(*scan.after);
  out << ", limit " << scan.limit << ", " << scan.max_bytes << " bytes" << (scan.keys_only ? ", keys only" : "");
}

std::size_t PacketKind(const PacketBody& packet) {
  if (const auto* replica = std::get_if<ReplicaPacket>(&packet)) return kBodies + replica->message.index();
  return packet.index();
}

std::string_view PacketKindName(std::size_t kind) {
  static constexpr std::string_view kNames[] = {
      "replica",   "heartbeat",
      "gossip",    "forward",
      "forwarded", "fetch-topology",
      "topology",  "membership",
      "report",    "list",
      "listed",    "progress",
      "watch",     "watched",
      "catch-up",  "caught-up",
      "prepare",   "accept",
      "install",   "barrier",
      "read",      "held",
      "promise",   "accepted",
      "installed", "barrier-ok",
      "nack",      "damaged",
      "refused",   "other-configuration",
      "compare",   "compared",
      "purge",     "purged",
      "hand-over",
  };
  static_assert(std::size(kNames) == kPacketKinds, "a kind of packet without a name");
  return kNames[kind];
}

void WritePacket(const PacketBody& packet, std::ostream& out) {
  out << PacketKindName(PacketKind(packet));
  std::visit(Overloaded{
                 [&](const ReplicaPacket& p) {
                   if (p.partition == kSystemPartition) {
                     out << " system";
                   } else {
                     out << " p" << p.partition;
                   }
                   WriteMessage(p.message, out);
                 },
                 [&](const HeartbeatPacket& p) {
                   out << " epoch " << p.epoch << (p.heartbeat.disk_answering ? "" : " disk silent");
                   for (const NodeId node : p.unheard) out << " unheard " << node;
                 },
                 [&](const ring::GossipMessage& p) { out << " " << p.updates.size() << " updates"; },
                 [&](const ForwardPacket& p) {
                   out << " #" << p.number << " id " << p.request.id.client << "." << p.request.id.number << " "
                       << Printable(p.request.key) << " meant for " << p.meant_for;
                   if (p.repeated) out << " repeated, lowest " << p.lowest;
                   if (p.take_over) out << " take over";
                 },
                 [&](const ForwardedPacket& p) {
                   out << " #" << p.number << " newest " << p.newest << " ";
                   WriteReply(p.reply, out);
                 },
                 [&](const FetchTopologyPacket& p) { out << " above " << p.epoch; },
                 [&](const TopologyPacket& p) { out << " epoch " << p.topology->epoch; },
                 [&](const MembershipPacket& p) { out << " " << WishName(p.wish) << " " << p.node; },
                 [&](const ListPacket& p) {
                   out << " #" << p.number << " ";
                   WriteScan(p.scan, out);
                   for (const ListPart& part : p.parts) out << " p" << part.partition << " v" << part.configuration;
                 },
                 [&](const ListedPacket& p) {
                   out << " #" << p.number;
                   for (const PagePart& part : p.parts) out << " p" << part.partition << " floor " << part.floor;
                   for (const ListPart& part : p.refused) {
                     out << " refuses p" << part.partition << " v" << part.configuration;
                   }
                   if (p.page == nullptr) return;
                   for (const PagedKey& entry : p.page->keys) {
                     out << " " << Printable(entry.key);
                     if (entry.record == nullptr) {
                       out << " damaged";
                     } else {
                       out << (entry.record->tombstone ? " tombstone @" : " @") << entry.record->accepted;
                     }
                   }
                   out << (p.page->examined_to ? " up to " + Printable(*p.page->examined_to) : " to the end");
                 },
                 [&](const WatchPacket& p) {
                   out << " p" << p.partition << " #" << p.subscription << (p.begins ? " begins" : "")
                       << (p.ends ? " ends" : "") << " has " << p.acknowledged;
                   if (p.filter != nullptr) out << " filter " << p.filter->version;
                 },
                 [&](const WatchedPacket& p) {
                   out << " p" << p.partition << " #" << p.subscription << "." << p.number << " filter " << p.filter
                       << " position " << p.position << " ballot " << p.ballot;
                   for (const FedEvent& event : p.events) {
                     out << " " << Printable(event.key) << (event.record->tombstone ? " tombstone @" : " @")
                         << event.record->accepted << (event.again ? " again" : "");
                   }
                   if (p.end != WatchedPacket::End::kNone) out << " ends " << static_cast<int>(p.end);
                 },
                 [&](const CatchUpPacket& p) {
                   out << " p" << p.partition << " #" << p.subscription << " question " << p.number << " '"
                       << Printable(p.target.text) << "' above " << p.above;
                   if (p.after) out << " after " << Printable(*p.after);
                 },
                 [&](const CaughtUpPacket& p) {
                   out << " p" << p.partition << " #" << p.subscription << " question " << p.number << " position "
                       << p.position << " until " << p.until << " floor " << p.floor;
                   if (p.refusal != CaughtUpPacket::Refusal::kNone) out << " refused " << static_cast<int>(p.refusal);
                   for (const CaughtUpPacket::Entry& entry : p.entries) {
                     out << " " << Printable(entry.key) << (entry.record->tombstone ? " tombstone @" : " @")
                         << entry.record->accepted;
                   }
                   out << (p.examined_to ? " up to " + Printable(*p.examined_to) : " to the end");
                 },
                 [&](const ProgressPacket& p) {
                   out << " #" << p.progress->number << " " << p.progress->actions.size() << " actions, "
                       << p.progress->refusals.size() << " refusals";
                 },
                 [&](const ReportPacket& p) {
                   for (const MoveReport& move : p.moves) {
                     out << " p" << move.partition << " v" << move.configuration << (move.filled ? " filled" : "")
                         << (move.complete ? " complete" : "");
                   }
                 },
             },
             packet);
}

void WriteEvents(const std::vector<quorum::WatchEvent>& events, std::ostream& out) {
  static constexpr const char* kKinds[] = {"put", "delete", "expire", "gap", "synced"};
  for (const quorum::WatchEvent& event : events) {
    out << " " << kKinds[static_cast<std::size_t>(event.kind)];
    if (!event.key.empty()) out << " " << Printable(event.key);
    if (event.version != kv::Version()) out << " @" << event.version;
  }
}

}  // namespace quoin::simulation
