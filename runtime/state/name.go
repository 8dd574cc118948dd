package state

import (
	crypto "crypto/rand"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"pocket/runtime/hint"
	"pocket/runtime/sqlite"
)

// NewID makes a container's id: 64 random hexadecimal digits, of which the first 12 hold a letter, so
// that no id is mistaken for a number.
func NewID() string {
	for {
		var raw [32]byte
		crypto.Read(raw[:]) // never fails (crypto/rand, Read)
		id := hex.EncodeToString(raw[:])
		if strings.Trim(id[:12], "0123456789") != "" {
			return id
		}
	}
}

// CheckName tells whether a user may give a container this name: two or more letters, digits, '_', '.'
// and '-', the first a letter or digit; ASCII only.
func CheckName(name string) error {
	err := fmt.Errorf("%q is not a container's name", name)
	if len(name) < 2 {
		return hint.With(err, "use at least two characters")
	}
	for i := range len(name) {
		c := name[i]
		alphanumeric := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alphanumeric && (i == 0 || !strings.ContainsRune("_.-", rune(c))) {
			return hint.With(err, "use letters, digits, '_', '.' and '-', and begin with a letter or digit")
		}
	}
	return nil
}

// chooseName sees to it that c has a name that no other container has.
func chooseName(tx *sqlite.Tx, c *Container) error {
	if c.Name != "" {
		holder, err := containers(tx, "WHERE name = ?", c.Name)
		if err != nil {
			return err
		}
		if len(holder) > 0 {
			return taken(c.Name, holder[0])
		}
		return nil
	}
	const pureTries = 10 // after these, digits make room without end
	for try := 0; ; try++ {
		name := randomName()
		if try >= pureTries {
			name += strconv.Itoa(rand.IntN(10 * (try - pureTries + 1)))
		}
		holder, err := containers(tx, "WHERE name = ?", name)
		if err != nil {
			return err
		}
		if len(holder) == 0 {
			c.Name = name
			return nil
		}
	}
}

func randomName() string {
	return adjectives[rand.IntN(len(adjectives))] + "_" + surnames[rand.IntN(len(surnames))]
}

// taken is the error for a name that the container holder has.
func taken(name string, holder Container) error {
	return hint.With(fmt.Errorf("%w: %q is container %s", ErrNameTaken, name, holder.Short()),
		"remove that one (pocket-docker rm %s) or choose another name", holder.Short())
}

var adjectives = strings.Fields(`
amber autumn balmy bold brave breezy bright brisk bronze calm candid chipper clear cosy crisp curious
daring deft dewy diligent earnest easy fair fleet fresh frosty gentle gleaming golden hardy honest
humble ivory jaunty keen kindly lively lucid lunar mellow merry mild mossy nimble patient placid plucky
polite proud quick quiet rapid rustic serene silver snowy steady sunny swift tidy vivid warm wise witty
`)

// surnames are of people whom computing, mathematics and engineering stand on.
var surnames = strings.Fields(`
abel archimedes babbage bernoulli boole cantor carnot cauchy cayley church cray curry dedekind
descartes dijkstra diophantus engelbart erdos euclid euler faraday fermat floyd fourier galois gauss
germain goedel hamming hilbert hoare hollerith hopper huffman jacobi jacquard kleene knuth kolmogorov
kovalevskaya lamarr laplace leibniz liskov lovelace markov mccarthy napier neumann noether pascal peano
poincare ramanujan riemann ritchie shannon somerville stibitz thales turing watt wiener wirth zuse
`)
