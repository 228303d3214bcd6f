//! Layered circuits of add and multiply gates, proved by GKR in time linear in the gates.
//!
//! **Statement.** A circuit's layers $V_0, V_1, \dots$, the output first, are tensors; each is a sum over *wirings*,
//! $$ V_i(z) = \sum_w c_w \sum_{x, y} w(z, x, y) L_w(x) R_w(y), $$
//! where the operands $L_w$ and $R_w$ are input tensors or lower layers. A wiring without $R_w$ holds add gates, one without
//! $L_w$ constants. Any number of gates may write one output: addition has unbounded fan-in.
//!
//! **Shapes.** A wiring is the product of *factors*, $w(z, x, y) = \prod_f w_f(z_f, x_f, y_f)$, each over axes of its own of
//! output, left and right: a list of gates, an axis of which positions are shared, or a sliding window. So repeated
//! structure is written once, and the wiring's multilinear extension is the product of the factors'.
//!
//! **Protocol.** For each layer from the output down, claims $\widetilde V_i(z_k) = v_k$ at hand:
//! 1. Several claims become one: squeeze $\alpha$, claim $\sum_k \alpha^k v_k$. Constants are taken off.
//! 2. Where wirings have several left operands $L$, the prover sends each one's share of the claim but the first's.
//! 3. First phase: a [sumcheck](crate::argument::sumcheck) of degree 2 over $x$ for each $L$, of $\widetilde L(x) h_L(x)$ with
//!    $h_L(x) = \sum_k \alpha^k \sum_{z} \mathrm{eq}(z_k, z) \sum_w c_w \sum_y w(z, x, y) R_w(y)$. It ends at $u$; the prover
//!    sends $\widetilde L(u)$ and for each right operand $R$ met with $L$ the sum
//!    $p_{L, R} = \sum_y \sum_k \alpha^k \sum_w c_w \widetilde w(z_k, u, y) R(y)$. The verifier adds what add gates give.
//! 4. Second phase: a sumcheck of degree 2 over $y$ for each such pair. It ends at $v$; the prover sends $\widetilde R(v)$ and
//!    the verifier evaluates $\sum_k \alpha^k \sum_w c_w \widetilde w(z_k, u, v)$.
//!
//! The values of both phases are claims on lower layers and inputs. All circuits of a network go down together: layers of
//! the same depth share both phases' sumchecks.
//!
//! **Soundness error.** [`crate::argument::soundness::gates`].
//!
//! **Caller's duty.** The claims on the inputs.
//!
//! **Cost.** The prover: one product of a field element and a small integer for each gate ($h_L$ is built in one pass over
//! the gates, which are never stored), and work linear in the operands. The second phase's table does not depend on
//! values, hence is a product over factors. The verifier: for each claim, time linear in lists and windows and logarithmic
//! in shared axes, never linear in the gates. An operand may be any lower layer, which takes no relay gates but one more
//! claim: a scalar in the proof and one more point in step 1.
//!
//! **Reference.** Goldwasser, Kalai, Rothblum (2008); the two phases over sparse wirings are those of Libra (Xie, Zhang,
//! Zhang, Papamanthou, Song; CRYPTO 2019, section 3). Ours differs in factors, in unbounded fan-in and in operands from any
//! layer below.
//!
//! **Code.** [prover](../../../tacit_prover/layers/gates/index.html), [verifier](../../../tacit_verifier/layers/gates/index.html).

mod adjacency;
mod check;
mod circuit;
mod claims;
mod predicate;

pub use adjacency::{Adjacency, Step};
pub use check::{MAX_GATES, MAX_LAYERS, MAX_WIRING_WORK, MAX_WIRINGS};
pub(crate) use check::{bits_above, check_products};
pub use circuit::{Axes, Circuit, Factor, Gate, GateLayer, Group, Operand, Relation, Wiring};
pub use claims::{Combined, LayerClaims};
pub use predicate::{Triple, Wired};
