// SPDX-License-Identifier: Apache-2.0
// A recommendation as the JSON of GET /outrider/v1/recommendations, and back: the command line
// renders what a daemon answered.
#pragma once

#include "rules/capacity/recommendation.h"
#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

void WriteRecommendation(const Recommendation& recommendation, JsonWriter* json);

// What is missing or of another type is left at its default, so that a client reads the answer of a
// newer or older daemon. An error only for what is no object.
StatusOr<Recommendation> ReadRecommendation(const JsonValue& json);

}  // namespace outrider
