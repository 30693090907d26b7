#include "tests/simulation/client_crowd.h"

#include <algorithm>

namespace quoin::simulation {

ClientCrowd::ClientCrowd(const WorkloadPlan& plan, ClientPort& port, ring::Random& random) : workload_(plan, random) {
  const ClientSurroundings surroundings{port, workload_, values_, history_, findings_, random};
  for (std::size_t i = 0; i < plan.clients; ++i) clients_.push_back(std::make_unique<Client>(i + 1, surroundings));
}

void ClientCrowd::Start(std::uint64_t requests) {
  for (const auto& client : clients_) client->Start((requests + clients_.size() - 1) / clients_.size());
}

void ClientCrowd::Stop() {
  for (const auto& client : clients_) client->Stop();
}

bool ClientCrowd::idle() const {
  return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->idle(); });
}

void ClientCrowd::BeginLiveness(ring::Duration bound) {
  for (const auto& client : clients_) client->BeginLiveness(bound);
}

void ClientCrowd::OnNodeDown(std::size_t node) {
  for (const auto& client : clients_) client->OnNodeDown(node);
}

}  // namespace quoin::simulation
