#include <filesystem>
#include <system_error>

#include "services/app/monitoring/collectors.h"

namespace caseledger::app {
namespace {

namespace fs = std::filesystem;

// Of all files below a directory; those that come and go meanwhile may be left out.
double BytesIn(const std::string& directory) {
  double bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entries(directory, error);
  while (!error && entries != fs::recursive_directory_iterator()) {
    std::error_code gone;
    if (entries->is_regular_file(gone) && !gone) {
      const auto size = entries->file_size(gone);
      if (!gone) bytes += static_cast<double>(size);
    }
    entries.increment(error);
  }
  return bytes;
}

}  // namespace

Families DiskMetrics(const DataPlaces& places) {
  auto size =
      GaugeFamily("caseledger_filesystem_size_bytes", "Size of the disk that the place lies on.");
  auto available =
      GaugeFamily("caseledger_filesystem_available_bytes",
                  "What the server may still write to the disk that the place lies on.");
  for (const auto& [place, path] :
       {std::pair{"data", &places.data_dir}, {"vault", &places.vault}}) {
    std::error_code error;
    const fs::space_info space = fs::space(*path, error);
    if (error) continue;
    AddGauge(size, {{"place", place}}, static_cast<double>(space.capacity));
    AddGauge(available, {{"place", place}}, static_cast<double>(space.available));
  }
  auto stored = GaugeFamily("caseledger_stored_bytes", "Bytes in the files of each store.");
  for (const auto& [store, path] : {std::pair{"log", &places.log},
                                    {"read_models", &places.read_models},
                                    {"vault", &places.vault}}) {
    AddGauge(stored, {{"store", store}}, BytesIn(*path));
  }
  return {size, available, stored};
}

}  // namespace caseledger::app
