#include "tools/client_ticket.h"

#include "base/text.h"

namespace quoin::tools {

std::string TicketText(const client::Ticket& ticket) {
  return ticket.ballot.empty() ? ticket.operation_id : ticket.operation_id + "@" + ticket.ballot;
}

std::optional<client::Ticket> ParseTicket(std::string_view text) {
  constexpr std::size_t kClientDigits = 16;
  const std::size_t at = text.find('@');
  const std::string_view id = text.substr(0, at);
  const bool is_id = id.size() > kClientDigits + 1 && id[kClientDigits] == '-' &&
                     ParseHex64(id.substr(0, kClientDigits)) && ParseUint64(id.substr(kClientDigits + 1));
  const std::string_view ballot = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  const bool is_ballot = ballot.find_first_not_of("0123456789abcdef.") == std::string_view::npos;
  if (!is_id || !is_ballot || (at != std::string_view::npos && ballot.empty())) return std::nullopt;
  return client::Ticket{.operation_id = std::string(id), .ballot = std::string(ballot)};
}

}  // namespace quoin::tools
