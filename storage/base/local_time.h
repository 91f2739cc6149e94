// SPDX-License-Identifier: Apache-2.0
// Local times of a zone and the instants they stand for. Source: specs/incidents_oncall_slo.md
// §2.1.
#pragma once

#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "storage/base/clock.h"

namespace outrider {

// The instant of a local time. One that comes twice (clocks set back) is its first occurrence; one
// that does not exist (clocks set forward) is the moment of the change.
Nanos InstantOf(absl::CivilSecond local, absl::TimeZone zone);

// What clocks of the zone show at an instant, parts of a second left out.
absl::CivilSecond LocalAt(Nanos time, absl::TimeZone zone);

// A zone of the tz database by its name, e.g. Europe/Berlin; none for an unknown one and for
// anything that is not such a name (a path would be opened).
std::optional<absl::TimeZone> FindZone(const std::string& name);

}  // namespace outrider
