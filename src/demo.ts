import 'reflect-metadata';
import { readConfig, readEnvironment } from './config.js';
import { runDemo } from './demo-run.js';
import { exitWith, outliveOutput } from './program.js';

outliveOutput();
try {
  await runDemo(readConfig(readEnvironment()), (text) => {
    console.log(text);
  });
} catch (error) {
  exitWith(error);
}
