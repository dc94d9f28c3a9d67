// Plays a TorchScript file as nn~ would, without Max or Pure Data: see docs/hosts.md.
//
//     nn_host FILE METHOD BUFFER BATCH [NAME=VALUE ...] < input.f32 > output.f32
//
// Input and output are raw float32, [buffers, batch, inlets, BUFFER] and [buffers, batch, outlets, BUFFER]. The last line
// on standard error is the processor time of a buffer in seconds: the tenth, the fiftieth and the ninetieth percentile,
// without the first buffers.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/script.h>

namespace {

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int set(torch::jit::script::Module& module, const std::string& words) {
  // Outside of inference mode, as a host's thread of messages is.
  const auto equals = words.find('=');
  const auto name = words.substr(0, equals);
  const double value = std::stod(words.substr(equals + 1));
  const auto kind = module.attr(name + "_params").toTensor()[0].item<int>();
  const torch::IValue kinds[] = {value != 0, int64_t(value), value, std::to_string(value)};
  return module.get_method("set_" + name)({kinds[kind]}).toInt();
}

}  // namespace

int main(int count, char** words) {
  if (count < 5) {
    std::fprintf(stderr, "usage: nn_host FILE METHOD BUFFER BATCH [NAME=VALUE ...]\n");
    return 2;
  }
  at::set_num_threads(1);
  auto module = torch::jit::load(words[1]);
  module.eval();
  const std::string method = words[2];
  const int64_t buffer = std::stoll(words[3]), batch = std::stoll(words[4]);
  for (int n = 5; n < count; ++n) {
    if (set(module, words[n]) != 0) return 1;
  }
  const auto params = module.attr(method + "_params").toTensor();
  const int64_t inlets = params[0].item<int64_t>(), in_ratio = params[1].item<int64_t>();
  const int64_t outlets = params[2].item<int64_t>(), out_ratio = params[3].item<int64_t>();
  std::vector<float> block(batch * inlets * buffer);
  std::vector<double> times;
  for (int64_t n = 0; std::fread(block.data(), sizeof(float), block.size(), stdin) == block.size(); ++n) {
    c10::InferenceMode guard;
    const double begin = processor_seconds();
    auto x = torch::from_blob(block.data(), {batch, inlets, buffer / in_ratio, in_ratio}).select(-1, -1);
    auto y = module.get_method(method)({x}).toTensor().repeat_interleave(out_ratio, 2).contiguous();
    const double took = processor_seconds() - begin;
    if (y.scalar_type() != torch::kFloat || y.sizes() != at::IntArrayRef({batch, outlets, buffer})) {
      std::cerr << "a result of type " << y.scalar_type() << " and shape " << y.sizes() << "\n";
      return 1;
    }
    std::fwrite(y.data_ptr<float>(), sizeof(float), y.numel(), stdout);
    if (n >= 16) times.push_back(took);  // the first calls compile
  }
  std::sort(times.begin(), times.end());
  if (!times.empty()) {
    std::fprintf(stderr, "%.9f %.9f %.9f\n", times[times.size() / 10], times[times.size() / 2], times[times.size() * 9 / 10]);
  }
  return 0;
}
