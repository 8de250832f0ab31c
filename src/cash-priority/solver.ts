/** HiGHS in WebAssembly: one programme in, values, prices and a bound out. A solve blocks its thread. */
import highsPackage, { type Highs, type InterruptCallbackEvent, type Model } from 'highs';
import type { Programme } from './programme.js';

export interface SolverOptions {
  readonly integers: boolean;
  /** Stop when the plan is proven to be this close to the best, as a share of the objective. */
  readonly relativeGap: number;
  /** A plan that costs no more than this, in units of the objective, is good enough. */
  readonly target?: number;
  /** Nothing dearer than this is wanted, in units of the objective: once that is all there can be, it stops. */
  readonly limit?: number;
  /** Branch-and-bound nodes: a limit that is the same on every machine. */
  readonly nodeLimit: number;
  /** Simplex iterations, in all; also the same on every machine. */
  readonly iterationLimit: number;
}

export type SlopeOptions = Pick<SolverOptions, 'iterationLimit'>;

export interface Solution {
  readonly status: 'optimal' | 'stopped' | 'infeasible';
  /** Undefined if the solver has found no plan. */
  readonly values: Float64Array | undefined;
  /** Per row; empty from a programme with integers. */
  readonly duals: Float64Array;
  readonly objective: number;
  /** No solution is below this; -Infinity if nothing is known. */
  readonly bound: number;
}

export interface Solver {
  /** @throws {Error} if the solver breaks; it is of no use any more then */
  readonly solve: (programme: Programme, options: SolverOptions) => Solution;
  /**
   * What the optimum of a linear programme changes by per unit by which the bound of each of some rows is raised, from the
   * first bit of it on: where several prices fit the optimum, a row's dual may be any of them, and this is the least.
   * @returns per row, in units of the objective per unit of the row; undefined if the solver was stopped or found nothing
   * @throws {Error} if the solver breaks; it is of no use any more then
   */
  readonly slopes: (
    programme: Programme,
    rows: readonly number[],
    options: SlopeOptions,
  ) => ReadonlyMap<number, number> | undefined;
  /** The programme in free MPS format, for other solvers to check. */
  readonly exportMps: (programme: Programme) => string;
}

// Its types are those of its CommonJS build, but what Node imports here is the other one.
const load = highsPackage as unknown as typeof highsPackage.default;

/** Loads a solver; about 50 ms, then warm. */
export const loadSolver = async (): Promise<Solver> => {
  const highs = await load();
  return {
    solve: (programme, options) =>
      programme.cost.length === 0
        ? withoutColumns(programme)
        : highs.withModel(dataOf(highs, programme, options.integers), (model) =>
            solve(highs, model, isMip(programme, options), options),
          ),
    slopes: (programme, rows, options) =>
      programme.cost.length === 0
        ? new Map(rows.map((row) => [row, 0]))
        : highs.withModel(dataOf(highs, programme, false), (model) => slopes(highs, model, programme, rows, options)),
    exportMps: (programme) =>
      highs.withModel(dataOf(highs, programme, true), (model) => {
        model.options.set({ output_flag: false });
        return new TextDecoder().decode(model.exportModel('mps'));
      }),
  };
};

/** Where nothing is to be decided: HiGHS says nothing of a programme without columns. */
const withoutColumns = ({ rowLower, rowUpper, offset }: Programme): Solution => {
  const duals = new Float64Array(rowLower.length);
  const holds = duals.every((_, row) => rowLower[row]! <= 0 && rowUpper[row]! >= 0);
  return holds
    ? { status: 'optimal', values: new Float64Array(0), duals, objective: offset, bound: offset }
    : { status: 'infeasible', values: undefined, duals, objective: Infinity, bound: -Infinity };
};

// Without a column that is whole, the solver takes the linear way and leaves the bound of the other one at nothing.
const isMip = ({ integer }: Programme, { integers }: SolverOptions): boolean => integers && integer.includes(1);

const dataOf = (highs: Highs, programme: Programme, integers: boolean) => ({
  numCols: programme.cost.length,
  numRows: programme.rowLower.length,
  offset: programme.offset,
  colCost: programme.cost,
  colLower: programme.lower,
  colUpper: programme.upper,
  rowLower: programme.rowLower,
  rowUpper: programme.rowUpper,
  matrix: {
    format: 'csr' as const,
    numRows: programme.rowLower.length,
    numCols: programme.cost.length,
    starts: programme.starts,
    indices: programme.indices,
    values: programme.values,
  },
  ...(integers && programme.integer.includes(1) ? { integrality: programme.integer } : {}),
  sense: highs.constants.objectiveSense.minimize,
});

const solve = (highs: Highs, model: Model, isInteger: boolean, options: SolverOptions): Solution => {
  const { modelStatus, callbackType } = highs.constants;
  model.options.set({
    output_flag: false,
    random_seed: 0,
    mip_rel_gap: options.relativeGap,
    mip_abs_gap: 1e-6,
    mip_max_nodes: options.nodeLimit,
    simplex_iteration_limit: options.iterationLimit,
    ...(options.target === undefined ? {} : { objective_target: options.target }),
    // These cost more here than they bring: the programme is nearly a linear one. Where it is a plan that is looked for
    // and no bound, heuristics find it sooner.
    mip_allow_restart: false,
    mip_detect_symmetry: false,
    mip_heuristic_effort: options.target === undefined ? 0 : 0.1,
    mip_heuristic_run_rins: options.target !== undefined,
    mip_heuristic_run_rens: options.target !== undefined,
    mip_heuristic_run_root_reduced_cost: false,
  });
  const iterationLimit = BigInt(options.iterationLimit);
  const stop = (event: InterruptCallbackEvent): undefined => {
    const { mip_total_lp_iterations: iterations = 0n, mip_dual_bound: bound = -Infinity } = event.data;
    if (iterations >= iterationLimit || bound > (options.limit ?? Infinity)) event.interrupt();
  };
  // With integers the solver's own limit is that of each of its many linear programmes, not of all together.
  model.run(isInteger ? { [callbackType.mipInterrupt]: stop } : {});
  const status = model.getModelStatus();
  const found = model.getSolution();
  const usable = Number(model.info.get('primal_solution_status')) === highs.constants.solutionStatus.feasible;
  const optimal = status === modelStatus.optimal || status === modelStatus.empty;
  return {
    status: optimal ? 'optimal' : status === modelStatus.infeasible ? 'infeasible' : 'stopped',
    values: usable || optimal ? Float64Array.from(found.colValue) : undefined,
    duals: Float64Array.from(found.rowDual),
    objective: model.getObjectiveValue(),
    bound: isInteger ? Number(model.info.get('mip_dual_bound')) : optimal ? model.getObjectiveValue() : -Infinity,
  };
};

/** What is nearer to its bound than this is at it: the scales of a programme bring all of it near to 1. */
const atBound = 1e-6;
/** How far a row is raised where only the direction counts: far enough for the solver's tolerances not to show. */
const step = 1000;

/** How far values may move from where they are: freely but for the bounds that they are at. */
const tangent = (
  values: ArrayLike<number>,
  lower: Float64Array,
  upper: Float64Array,
): { lower: Float64Array; upper: Float64Array } => ({
  lower: lower.map((bound, place) => (values[place]! <= bound + atBound ? 0 : -Infinity)),
  upper: upper.map((bound, place) => (values[place]! >= bound - atBound ? 0 : Infinity)),
});

const slopes = (
  highs: Highs,
  model: Model,
  programme: Programme,
  rows: readonly number[],
  { iterationLimit }: SlopeOptions,
): Map<number, number> | undefined => {
  const isOptimal = (): boolean => model.getModelStatus() === highs.constants.modelStatus.optimal;
  model.options.set({ output_flag: false, random_seed: 0, simplex_iteration_limit: iterationLimit });
  model.run();
  if (!isOptimal()) return undefined;
  // From the optimum on, the programme of its directions: the basis fits that too, so each row takes but a few steps.
  const { colValue, rowValue } = model.getSolution();
  const columns = tangent(colValue, programme.lower, programme.upper);
  const { lower, upper } = tangent(rowValue, programme.rowLower, programme.rowUpper);
  const all = (count: number) => ({ kind: 'range' as const, from: 0, to: count - 1 });
  model.changeColsBounds(all(columns.lower.length), columns.lower, columns.upper);
  model.changeRowsBounds(all(lower.length), lower, upper);
  model.changeObjectiveOffset(0);
  const found = new Map<number, number>();
  for (const row of rows) {
    model.changeRowBounds(row, lower[row]! + step, upper[row]! + step);
    model.run();
    if (!isOptimal()) return undefined;
    found.set(row, model.getObjectiveValue() / step);
    model.changeRowBounds(row, lower[row]!, upper[row]!);
  }
  return found;
};
