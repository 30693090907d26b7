#include "tests/simulation/parameters.h"

#include <sstream>

#include "base/text.h"

namespace quoin::simulation {

const std::vector<ParameterField>& ParameterFields() {
#define FIELD(name) \
  { #name, &Parameters::name, false }
#define FAULT(name) \
  { #name, &Parameters::name, true }
  static const std::vector<ParameterField> fields = {
      FIELD(nodes),
      FIELD(zones),
      FIELD(partitions),
      FIELD(replication_factor),
      FIELD(read_quorum),
      FIELD(write_quorum),
      FIELD(max_moves),
      FIELD(max_ids),
      FIELD(max_idle_keys),
      FIELD(copy_keys_per_s),
      FIELD(tick_ms),
      FIELD(heartbeat_ms),
      FIELD(resend_ms),
      FIELD(attempt_ms),
      FIELD(request_ms),
      FIELD(takeover_stagger_ms),
      FIELD(handover_after_ms),
      FIELD(scrub_ms),
      FIELD(sweep_ms),
      FIELD(move_timeout_ms),
      FIELD(dead_node_timeout_ms),
      FIELD(gossip_ms),
      FIELD(clients),
      FIELD(lanes),
      FIELD(requests),
      FIELD(tell_finished),
      FIELD(liveness_requests),
      FIELD(wide_keys),
      FIELD(client_delay_us),
      FAULT(scan_permille),
      FAULT(watchers),
      FIELD(bootstrap_ms),
      FIELD(safety_ms),
      FIELD(liveness_ms),
      FIELD(quiescence_ms),
      FIELD(delay_us),
      FAULT(jitter_us),
      FAULT(slow_link_percent),
      FAULT(reorder),
      FAULT(drop_permille),
      FAULT(duplicate_permille),
      FAULT(cut_every_ms),
      FAULT(clog_every_ms),
      FAULT(link_reset_every_ms),
      FIELD(network_fault_ms),
      FIELD(write_us),
      FIELD(read_us),
      FAULT(cold_read_percent),
      FAULT(slow_disk_every_ms),
      FAULT(hang_every_ms),
      FAULT(write_error_every_ms),
      FAULT(full_every_ms),
      FAULT(rot_every_ms),
      FAULT(wipe_every_ms),
      FIELD(disk_fault_ms),
      FAULT(kill_every_ms),
      FAULT(kill_all_percent),
      FAULT(pause_every_ms),
      FIELD(down_ms),
      FAULT(clock_error_ms),
      FAULT(clock_jump_every_ms),
      FAULT(clock_drift_ppm),
      FAULT(join_every_ms),
      FAULT(drain_every_ms),
      FAULT(cancel_percent),
      FAULT(replace_every_ms),
  };
#undef FIELD
#undef FAULT
  return fields;
}

std::string ParametersText(const Parameters& parameters, const Parameters* from) {
  std::ostringstream text;
  for (const ParameterField& field : ParameterFields()) {
    if (from != nullptr && parameters.*field.value == from->*field.value) continue;
    text << (text.tellp() > 0 ? " " : "") << field.name << '=' << parameters.*field.value;
  }
  return text.str();
}

Status ApplyParameters(std::string_view text, Parameters* parameters) {
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const ParameterField* named = nullptr;
    for (const ParameterField& field : ParameterFields()) {
      if (field.name == word.substr(0, equals)) named = &field;
    }
    if (named == nullptr || equals == std::string::npos) return Status(Code::kInvalid, "no parameter: " + word);
    const auto value = ParseUint64(std::string_view(word).substr(equals + 1));
    if (!value) return Status(Code::kInvalid, "not a whole number: " + word);
    parameters->*named->value = *value;
  }
  return Status::Ok();
}

}  // namespace quoin::simulation
