/** Workers for tests: Python without any package, over the loop of our own worker. */

const PEERS = decodeURIComponent(new URL("./", import.meta.url).pathname);

/** A peer that computes convolutions over the kernel map, in plain Python. */
const FAKE = `
import math, struct, sys
sys.path.insert(0, ${JSON.stringify(PEERS)})
sys.dont_write_bytecode = True
import worker

def read(path):
    data = open(path, "rb").read()
    size = struct.unpack("<H", data[8:10])[0]
    head = eval(data[10:10 + size].decode())
    count = math.prod(head["shape"])
    kind = {"<f4": "f", "<i4": "i"}[head["descr"]]
    return head["shape"], struct.unpack(f"<{count}{kind}", data[10 + size:])

def save(path, descr, shape, values):
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    kind = {"<f4": "f", "<i4": "i"}[descr]
    with open(path, "wb") as file:
        file.write(b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(head)) + head)
        file.write(struct.pack(f"<{len(values)}{kind}", *values))

class Fake:
    def open_peer(self, device, threads):
        print("noise on standard output")
        return "0.1", device

    def sync(self):
        pass

    class Layer:
        def __init__(self, folder, about):
            self.cin, self.cout = about["cin"], about["cout"]
            (self.volume, self.rows), self.map = read(folder + "/map.npy")
            self.feats = read(folder + "/feats.npy")[1]
            self.weight = read(folder + "/weight.npy")[1]
            self.coords = read(folder + "/out_coords.npy")[1]

        def run(self, turn):
            cin, cout, out = self.cin, self.cout, []
            for row in range(self.rows):
                total = [0.0] * cout
                for k in range(self.volume):
                    n = self.map[k * self.rows + row]
                    for i in range(cin if n >= 0 else 0):
                        x = self.feats[n * cin + i]
                        for o in range(cout):
                            total[o] += x * self.weight[(k * cin + i) * cout + o]
                out.append(total)
            return out

        def write(self, out, folder):
            # Backwards, as an engine with rows of its own order.
            coords = [self.coords[4 * i:4 * i + 4] for i in range(self.rows)]
            flat = lambda rows: [value for row in reversed(rows) for value in row]
            save(folder + "/out.npy", "<f4", (self.rows, self.cout), flat(out))
            save(folder + "/rows.npy", "<i4", (self.rows, 4), flat(coords))
`;

/**
 * The command line of a worker. `changes` is Python that stands behind the peer's class and may
 * change what it does; without `serve` the script is `changes` alone.
 */
export function fakeWorker(changes = "", serve = true): [string, ...string[]] {
  const script = serve ? `${FAKE}\n${changes}\nworker.serve(lambda: Fake())` : changes;
  return ["python3", "-c", script];
}

/** Whether there is a Python to run workers with. */
export async function hasPython(): Promise<boolean> {
  try {
    const quiet = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command("python3", { args: ["--version"], ...quiet }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
