#include "tools/client_ticket.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

TEST(Ticket, IsOneWordThereAndBack) {
  for (const char* text :
       {"00c0ffee00c0ffee-17", "00c0ffee00c0ffee-17@3.00c0ffee00c0ffee", "00c0ffee00c0ffee-17@3.00c0ffee00c0ffee.41"}) {
    const auto ticket = ParseTicket(text);
    ASSERT_TRUE(ticket.has_value()) << text;
    EXPECT_EQ(ticket->operation_id, "00c0ffee00c0ffee-17");
    EXPECT_EQ(TicketText(*ticket), text);
  }
}

TEST(Ticket, RefusesWhatIsNone) {
  for (const char* text :
       {"", "17", "00c0ffee-17", "00c0ffee00c0ffee-", "00c0ffee00c0ffee-x", "00c0ffee00c0ffee17",
        "00c0ffee00c0ffee-17@", "00c0ffee00c0ffee-17@x", "@3.00c0ffee00c0ffee", "00c0ffee00c0ffeg-17"}) {
    EXPECT_FALSE(ParseTicket(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace quoin::tools
