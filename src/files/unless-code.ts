/** For `catch`: lets the errors with these codes pass as `undefined`. */
export const unlessCode =
  (...codes: string[]) =>
  (error: unknown): undefined => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
