// Tickets of writes whose outcome is unknown (docs/client-library.md) as one word, which people and scripts can copy:
// "00c0ffee00c0ffee-17", with "@3.00c0ffee00c0ffee.41" behind it when it has a ballot. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/client/operation.h"

namespace quoin::tools {

// REQUIRES: the ticket has an operation id.
std::string TicketText(const client::Ticket& ticket);
// The inverse; nullopt when the text can't be a ticket. Of the ballot the library has the last word.
std::optional<client::Ticket> ParseTicket(std::string_view text);

}  // namespace quoin::tools
