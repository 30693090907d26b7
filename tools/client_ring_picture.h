// The ring as a picture of characters: who leads what around it, and how much each node holds. Pure; the text is safe
// on a terminal.
#pragma once

#include <cstddef>
#include <string>

#include "tools/client_cluster.h"

namespace quoin::tools {

// Lines of at most `width` columns (colours not counted). The ring begins at the top with partition 0 and goes on
// clockwise; each mark is the letter of the node that leads a partition there, in lower case while its replicas are
// being changed, '?' when nobody is known to lead it. Behind or below it the nodes with their letters, and their shares
// as bars: '#' is led, '=' held, over all partitions. Too narrow a terminal gets no ring; the nodes are there always.
std::string RingPicture(const ClusterStatus& status, const Ring& ring, std::size_t width, bool color);

}  // namespace quoin::tools
