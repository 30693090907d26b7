// What answers tell by their versions: a version stands for one state, so an answer that shows a version shows the
// value that any other answer showed with it. Answers of the HTTP API often tell a version only.
#pragma once

#include <vector>

#include "tests/linearizability/model.h"

namespace quoin::linearizability {

// Adds to every state with a version the value that some answer showed for that version. Changes no verdict, but
// narrows down what a search has to try. REQUIRES: no version was shown with two values (contradiction.h).
void TellByVersions(std::vector<Call>* calls);

}  // namespace quoin::linearizability
